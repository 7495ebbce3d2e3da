# Writes models.json: tests and regressions as R's survey gives them for models.csv. Run in this folder: Rscript make_models.R [OUT]
# Iterations go to the end (epsilon 1e-14) but in the case that says "stopped". svyolr stops where the likelihood is flat to 16 digits and takes
# its Hessian by differences: seven digits; "olr.exact" solves the score equations of the same likelihood by Newton, with numDeriv's derivatives.
suppressMessages(library(survey))
out <- c(commandArgs(trailingOnly = TRUE), "models.json")[1]
d <- read.csv("models.csv"); d$rank <- factor(d$answer, ordered = TRUE);
d$fanswer <- factor(d$answer); d$fnote <- factor(d$note)
two <- svydesign(id = ~village + household, strata = ~stratum, weights = ~w, fpc = ~M + N, data = d, nest = TRUE)
replaced <- svydesign(id = ~village, strata = ~stratum, weights = ~w, data = d)
part <- subset(two, band != "60+")

num <- function(x) { x <- as.vector(x); t <- ifelse(is.finite(x), sprintf("%.17g", x), sprintf('"%s"', x)); if (length(x) == 1) t else sprintf("[%s]", paste(t, collapse = ", ")) }
mat <- function(v) sprintf("[%s]", paste(apply(as.matrix(v), 1, num), collapse = ", "))
obj <- function(...) { x <- list(...); x <- x[!sapply(x, is.null)]; sprintf("{%s}", paste(sprintf('"%s": %s', names(x), unlist(x)), collapse = ", ")) }
arr <- function(x) sprintf("[%s]", paste(x, collapse = ", "))
chisq <- function(formula, design, statistic) {
  t <- suppressWarnings(svychisq(formula, design, statistic = statistic)); p <- as.list(t$parameter)
  obj(statistic = num(t$statistic), p_value = num(t$p.value), parameter = if (length(p)) do.call(obj, lapply(p, num)) else "[]")
}
ttest <- function(formula, design) {
  t <- svyttest(formula, design)
  obj(statistic = num(t$statistic), parameter = num(t$parameter), p_value = num(t$p.value), estimate = num(t$estimate), ci = num(t$conf.int))
}
rank <- function(formula, design, test) {
  t <- svyranktest(formula, design, test = test)
  if (is.null(t$ddf)) return(obj(statistic = num(t$statistic), parameter = num(t$parameter), p_value = num(t$p.value), estimate = num(t$estimate)))
  obj(statistic = num(t$parameter), parameter = num(t$statistic), ddf = num(t$ddf), p_value = num(t$p.value))  # R puts them the other way round
}
rows <- function(b, s, p = NULL) arr(sapply(seq_along(b), function(i)
  obj(variable = sprintf('"%s"', names(b)[i]), estimate = num(b[[i]]), se = num(s[[i]]), t = num(b[[i]] / s[[i]]), p = if (!is.null(p)) num(p[[i]]))))
model <- function(formula, design, family, term = NULL, epsilon = 1e-14) {
  m <- suppressWarnings(eval(bquote(svyglm(.(formula), design, family = family, control = glm.control(epsilon = .(epsilon), maxit = 100)))))
  s <- sqrt(diag(vcov(m))); w <- if (!is.null(term)) regTermTest(m, term)
  obj(df_residual = num(m$df.residual), rows = rows(coef(m), s, 2 * pt(-abs(coef(m) / s), m$df.residual)), vcov = mat(vcov(m)),
      wald = if (!is.null(w)) obj(F = num(w$Ftest), ndf = num(w$df), ddf = num(w$ddf), p = num(w$p)))
}
ordered <- function(formula, design, count, term = NULL) {
  m <- eval(bquote(svyolr(.(formula), .(substitute(design)), control = list(reltol = 1e-18, maxit = 2000, ndeps = rep(1e-5, .(count))))))
  w <- if (!is.null(term)) regTermTest(m, term)
  obj(df_residual = num(m$df.residual), rows = rows(coef(m), sqrt(diag(vcov(m)))), vcov = mat(vcov(m)),
      wald = if (!is.null(w)) obj(F = num(w$Ftest), ndf = num(w$df), ddf = num(w$ddf), p = num(w$p)))
}
exact <- function(x, y, design, names) {
  w <- weights(design); k <- max(y) - 1; p <- ncol(x); lower <- plogis
  score <- function(at) {
    cut <- c(-Inf, at[p + 1:k], Inf); eta <- drop(x %*% at[1:p]); a <- cut[y + 1] - eta; b <- cut[y] - eta
    da <- dlogis(a) / (lower(a) - lower(b)); db <- dlogis(b) / (lower(a) - lower(b))
    cbind(-x * (da - db), outer(y, 1:k, "==") * da - outer(y - 1, 1:k, "==") * db)
  }
  whole <- function(at) colSums(w * score(at))
  at <- c(rep(0, p), qlogis(cumsum(xtabs(w ~ y))[1:k] / sum(w)))
  for (i in 1:30) at <- at - solve(numDeriv::jacobian(whole, at), whole(at))
  v <- vcov(svytotal(score(at) %*% solve(-numDeriv::jacobian(whole, at)), design)); names(at) <- names
  obj(df_residual = num(degf(design) - p), rows = rows(at, sqrt(diag(v))), vcov = mat(v))
}
predicted <- function() {
  m <- svyglm(poor ~ age + kind, two, family = quasibinomial(), control = glm.control(epsilon = 1e-14))
  new <- data.frame(age = c(30, 70), kind = c("watched", "general")); mean <- predict(m, new, type = "response"); link <- predict(m, new)
  obj(mean = num(coef(mean)), mean_se = num(SE(mean)), link = num(coef(link)), link_se = num(SE(link)))
}
standard <- function(over, each) {
  s <- svystandardize(two, ~band, over, population = c(5, 4, 3)); df <- degf(two)
  m <- if (each) svyby(~income, over, s, svymean) else svymean(~income, s)
  b <- coef(m); se <- as.vector(SE(m))
  obj(rows = arr(sapply(seq_along(b), function(i) obj(estimate = num(b[[i]]), se = num(se[i]), ci_t = num(b[[i]] + c(-1, 1) * qt(.975, df) * se[i])))))
}
jkn <- as.svrepdesign(replaced, type = "JKn")
values <- list(
  chisq.F = chisq(~kind + fanswer, two, "F"), chisq.Chisq = chisq(~kind + fanswer, two, "Chisq"), chisq.Wald = chisq(~kind + fanswer, two, "Wald"),
  chisq.adjWald = chisq(~kind + fanswer, two, "adjWald"), chisq.saddlepoint = chisq(~kind + fanswer, two, "saddlepoint"),
  chisq.domain = chisq(~visited + fanswer, part, "F"), chisq.missing = chisq(~visited + fnote, replaced, "Chisq"),
  ttest.two = ttest(income ~ visited, two), ttest.domain = ttest(income ~ visited, part), ttest.replaced = ttest(income ~ visited, replaced),
  rank.wilcoxon = rank(income ~ visited, two, "wilcoxon"), rank.median = rank(income ~ visited, two, "median"),
  rank.normal = rank(income ~ visited, replaced, "vanderWaerden"), rank.three = rank(income ~ kind, two, "KruskalWallis"),
  glm.gaussian = model(income ~ age + visited * kind, two, gaussian(), ~kind), glm.binomial = model(poor ~ age + kind, two, quasibinomial(), ~kind),
  glm.poisson = model(trips ~ age + visited + kind, replaced, quasipoisson(), ~kind), glm.domain = model(poor ~ age + visited, part, quasibinomial()),
  glm.functions = model(log(income) ~ I(age * age) + visited:age, two, gaussian(), ~visited:age),
  glm.stopped = model(poor ~ age + kind, two, quasibinomial(), epsilon = 1e-8),
  olr.whole = ordered(rank ~ visited + age + kind, two, 7, ~kind), olr.domain = ordered(rank ~ visited + age, part, 5),
  olr.exact = exact(model.matrix(~visited + age + kind, d)[, -1], d$answer, two, c("visitedyes", "age", "kindgeneral", "kindwatched", "1|2", "2|3", "3|4")),
  standard.whole = standard(~kind, FALSE), standard.each = standard(~kind, TRUE),
  predict.binomial = predicted(),
  jkn.chisq = chisq(~kind + fanswer, jkn, "F"), jkn.gaussian = model(income ~ age + visited, jkn, gaussian()),
  jkn.ttest = ttest(income ~ visited, jkn))
versions <- sprintf('{"R": "%s", "survey": "%s"}', R.version.string, packageVersion("survey"))
writeLines(sprintf('{"versions": %s,\n "values": {\n  %s\n}}', versions, paste(sprintf('"%s": %s', names(values), unlist(values)), collapse = ",\n  ")), out)
