# Writes calibration.json: weights, totals and standard errors that R's survey and sampling give for calibration.csv. Run in this folder: Rscript make_calibration.R [OUT]
# survey stops at a miss of epsilon relative to 1 + |total|, rake at a change of epsilon times the sum of weights: both are set small here.
# sampling's calib and gencalib stop at a relative miss of 1e-6, whatever is asked; "calib.logit" and "calib.raking" are right to that only.
suppressMessages({library(survey); library(sampling)})
out <- c(commandArgs(trailingOnly = TRUE), "calibration.json")[1]
d <- read.csv("calibration.csv", stringsAsFactors = TRUE)
design <- svydesign(id = ~psu, strata = ~h, weights = ~w, data = d)
totals <- c(`(Intercept)` = 750, aH = 170, aM = 210, x = 47000)
a <- data.frame(a = c("E", "H", "M"), Freq = c(370, 170, 210)); b <- data.frame(b = c("no", "yes"), Freq = c(320, 430))
num <- function(x) sprintf("[%s]", paste(sprintf("%.17g", x), collapse = ", "))
told <- function(design, se = TRUE) {
  t <- svytotal(~y, design); m <- svymean(~y, design)
  sprintf('{"w": %s, "total": %s, "se": %s, "se_mean": %s}', num(weights(design, "sampling")), num(coef(t)), num(SE(t)), num(SE(m)))
}
cal <- function(...) told(calibrate(design, ~a + x, totals, epsilon = 1e-11, maxit = 200, ...))
with_rake <- function(design) rake(design, list(~a, ~b), list(a, b), control = list(epsilon = 1e-15, maxit = 500))
jack <- as.svrepdesign(design, type = "JKn")
replicates <- function(design) sprintf("[%s]", paste(apply(weights(design, "analysis"), 2, num), collapse = ", "))

X <- model.matrix(~a + x, d); Z <- model.matrix(~a + z, d); T <- unname(totals); n <- nrow(d)
pikl <- outer(1 / d$w, 1 / d$w) * .95; diag(pikl) <- 1 / d$w
g <- calib(X, d$w, T, method = "linear")
ev <- function(q, with) { e <- calibev(d$y, X, T, pikl, d$w, calib(X, d$w, T, q = q, method = "linear"), q = q, with = with); num(c(e$calest, e$evar)) }
values <- list(
  linear = cal(calfun = "linear"), raking = cal(calfun = "raking"), logit = cal(calfun = "logit", bounds = c(.6, 1.6)),
  linear.bounds = cal(calfun = "linear", bounds = c(.98, 1.25)), raking.bounds = cal(calfun = "raking", bounds = c(.98, 1.255)),
  sinh.bounds = cal(calfun = cal.sinh, bounds = c(.98, 1.252)), linear.variance = cal(calfun = "linear", variance = d$q),
  linear.units = cal(calfun = "linear", aggregate.stage = 1), raking.units = cal(calfun = "raking", aggregate.stage = 1),
  rake = told(with_rake(design)), poststratify = told(postStratify(design, ~a, a)),
  raking.margins = told(calibrate(design, ~a + b, c(750, 170, 210, 430), calfun = "raking", epsilon = 1e-11)),
  trim = told(trimWeights(design, upper = 15, lower = 8)), trim.strict = told(trimWeights(design, upper = 13, lower = 8, strict = TRUE)),
  jkn.linear = replicates(calibrate(jack, ~a + x, totals)), jkn.raking = replicates(calibrate(jack, ~a + x, totals, calfun = "raking", epsilon = 1e-11)),
  jkn.rake = replicates(with_rake(jack)), jkn.poststratify = replicates(postStratify(jack, ~a, a)), jkn.weights = replicates(jack),
  calib.linear = num(g), calib.raking = num(calib(X, d$w, T, method = "raking")), calib.logit = num(calib(X, d$w, T, method = "logit", bounds = c(.6, 1.6))),
  calib.truncated = num(calib(X, d$w, T, method = "truncated", bounds = c(.98, 1.25))), calib.q = num(calib(X, d$w, T, q = d$q, method = "linear")),
  gencalib.linear = num(gencalib(X, Z, d$w, T, method = "linear")), gencalib.raking = num(gencalib(X, Z, d$w, T, method = "raking")),
  calibev = ev(rep(1, n), FALSE), calibev.with = ev(d$q, TRUE))
versions <- sprintf('{"R": "%s", "survey": "%s", "sampling": "%s"}', R.version.string, packageVersion("survey"), packageVersion("sampling"))
writeLines(sprintf('{"versions": %s,\n "values": {\n  %s\n}}', versions, paste(sprintf('"%s": %s', names(values), unlist(values)), collapse = ",\n  ")), out)
