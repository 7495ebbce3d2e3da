# Writes inequality.json: measures of inequality and poverty for villages.csv, each written from its definition in base R, with the
# standard error that R's survey gives for the total of its scores. Run in this folder: Rscript make_inequality.R [OUT]
# Scores are derivatives by the weights, taken numerically (two central differences, extrapolated); where a measure leaps with a
# quantile they are Deville's formulas with a normal kernel of bandwidth sd * N^(-1/5).
suppressMessages(library(survey))
out <- c(commandArgs(trailingOnly = TRUE), "inequality.json")[1]
villages <- read.csv("villages.csv")
villages$income <- villages$persons * 1.5  # with ties
two <- svydesign(id = ~village + household, strata = ~vstratum + hstratum, weights = ~w, fpc = ~M + N, data = villages, nest = TRUE)
w <- villages$w

slope <- function(f, w) sapply(seq_along(w), function(k) {
  d <- function(h) { up <- w; up[k] <- w[k] * (1 + h); down <- w; down[k] <- w[k] * (1 - h); (f(up) - f(down)) / (2 * h * w[k]) }
  (4 * d(5e-4) - d(1e-3)) / 3
})
se <- function(u) as.vector(SE(svytotal(~u, update(two, u = u))))
both <- function(value, u) sprintf('{"value": %.17g, "se": %.17g}', value, se(u))
smooth <- function(f) both(f(w), slope(f, w))

gini <- function(y) function(w) sum(outer(w, w) * abs(outer(y, y, "-"))) / (2 * sum(w) * sum(w * y))
ranks <- function(y) function(w) { o <- order(y); 2 * sum(w[o] * y[o] * cumsum(w[o])) / (sum(w) * sum(w * y)) - 1 - 1 / sum(w) }
zenga <- function(y) function(w) {
  o <- order(y); y <- y[o]; w <- w[o]; N <- sum(w); T <- sum(w * y); K <- T - cumsum(w * y) + w * y; H <- cumsum(w)
  1 - sum(w * (N - H) * (T - K) / (H * K)) / N
}
atkinson <- function(y, e) function(w) {
  s <- w / sum(w); m <- sum(s * y)
  1 - (if (e == 1) exp(sum(s * log(y))) else sum(s * y^(1 - e))^(1 / (1 - e))) / m
}
entropy <- function(y, a) function(w) {
  s <- w / sum(w); r <- y / sum(s * y)
  if (a == 0) -sum(s * log(r)) else if (a == 1) sum(s * r * log(r)) else (sum(s * r^a) - 1) / (a * (a - 1))
}
fgt <- function(y, line, a) function(w) { z <- line(w); sum(w * (y <= z) * (if (a == 0) 1 else pmax((z - y) / z, 0)^a)) / sum(w) }
fixed <- function(z) function(w) z
of_mean <- function(y, part) function(w) part * sum(w * y) / sum(w)

N <- sum(w)
quant <- function(y, p) getFromNamespace("qrule_math", "survey")(y, w, p)
near <- function(y, at) { m <- sum(w * y) / N; h <- sqrt(sum(w * (y - m)^2) / N) / N^.2; dnorm((at - y) / h) / h }
dens <- function(y, at) sum(w * near(y, at)) / N
score <- function(y, p) { q <- quant(y, p); -((y <= q) - p) / (N * dens(y, q)) }
rate <- function(y, part) {
  z <- part * quant(y, .5); p <- sum(w * (y <= z)) / N
  both(p, ((y <= z) - p) / N + dens(y, z) * part * score(y, .5))
}
lorenz <- function(y, p) function(w) {  # income of the poorest part p, the distinct incomes joined by lines
  o <- order(y); approx(c(0, cumsum(w[o])), c(0, cumsum(w[o] * y[o])), p * sum(w))$y
}
fifths <- function(y) function(w) (sum(w * y) - lorenz(y, .8)(w)) / lorenz(y, .2)(w)
fifths_rows <- function(y) {
  q <- c(quant(y, .2), quant(y, .8)); low <- sum(w * y * (y <= q[1])); high <- sum(w * y * (y > q[2])); R <- high / low
  m <- sapply(q, function(at) sum(w * y * near(y, at)) / sum(w * near(y, at)))
  under <- y * (y <= q[1]) - m[1] * ((y <= q[1]) - .2); over <- y - (y * (y <= q[2]) - m[2] * ((y <= q[2]) - .8))
  both(R, (over - R * under) / low)
}

x <- villages$x; t <- villages$income
values <- list(
  gini.x = smooth(gini(x)), gini.income = smooth(gini(t)), ranks.x = smooth(ranks(x)), ranks.income = smooth(ranks(t)),
  zenga_ranks.x = smooth(zenga(x)),
  atkinson_half.x = smooth(atkinson(x, .5)), atkinson_one.x = smooth(atkinson(x, 1)), atkinson_two.income = smooth(atkinson(t, 2)),
  entropy_minus.x = smooth(entropy(x, -1)), entropy_zero.x = smooth(entropy(x, 0)), entropy_one.income = smooth(entropy(t, 1)), entropy_two.x = smooth(entropy(x, 2)),
  fgt_zero.x = smooth(fgt(x, fixed(51.37), 0)), fgt_one.x = smooth(fgt(x, fixed(51.37), 1)), fgt_two.x = smooth(fgt(x, fixed(51.37), 2)),
  gap_of_mean.x = smooth(fgt(x, of_mean(x, .9), 1)),
  median.x = both(quant(x, .5), score(x, .5)), rate_of_median.x = rate(x, .85), line_of_median.x = both(.85 * quant(x, .5), .85 * score(x, .5)),
  fifths.x = smooth(fifths(x)), fifths.income = smooth(fifths(t)), fifths_rows.x = fifths_rows(x))
versions <- sprintf('{"R": "%s", "survey": "%s"}', R.version.string, packageVersion("survey"))
writeLines(sprintf('{"versions": %s,\n "values": {\n  %s\n}}', versions, paste(sprintf('"%s": %s', names(values), unlist(values)), collapse = ",\n  ")), out)
