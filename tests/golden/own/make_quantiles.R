# Writes quantiles.json: quantiles, their intervals and the quantiles of replicates as R's survey gives them for villages.csv.
# Run in this folder: Rscript make_quantiles.R [OUT]
# Probabilities lie above the first step, where R takes the second value instead of the first.
suppressMessages(library(survey))
out <- c(commandArgs(trailingOnly = TRUE), "quantiles.json")[1]
villages <- read.csv("villages.csv")
villages$even <- 1; villages$some <- ifelse(seq_len(nrow(villages)) %% 4 == 0, 0, villages$w)
two <- svydesign(id = ~village + household, strata = ~vstratum + hstratum, weights = ~w, fpc = ~M + N, data = villages, nest = TRUE)
first <- svydesign(id = ~village, strata = ~vstratum, weights = ~w, data = villages)
jkn <- as.svrepdesign(first, type = "JKn")

num <- function(x) sprintf("[%s]", paste(ifelse(is.finite(x), sprintf("%.17g", x), sprintf('"%s"', x)), collapse = ", "))
mat <- function(m) sprintf("[%s]", paste(apply(as.matrix(m), 1, num), collapse = ",\n   "))
obj <- function(x) sprintf("{%s}", paste(sprintf('"%s": %s', names(x), unlist(x)), collapse = ",\n  "))

rules <- c("math", "school", "shahvaish", paste0("hf", 1:9))
probs <- c(.2, .25, .3, .5, .6, .75, .9)
rule <- function(name) getFromNamespace(paste0("qrule_", name), "survey")
sets <- expand.grid(x = c("x", "persons"), w = c("w", "even", "some"), stringsAsFactors = FALSE)
rows <- lapply(seq_len(nrow(sets)), function(i) {
  x <- villages[[sets$x[i]]]; w <- villages[[sets$w[i]]]
  obj(sapply(rules, function(name) num(sapply(probs, function(p) rule(name)(x, w, p)))))
})
names(rows) <- paste(sets$x, sets$w, sep = ".")

kinds <- c("mean", "xlogit", "asin", "beta")
ask <- function(design, kind, rule, alpha = .05, df = degf(design))
  mat(unclass(svyquantile(~x, design, c(.25, .5, .75), alpha = alpha, interval.type = kind, qrule = rule, df = df)$x))
intervals <- c(
  sapply(kinds, function(kind) ask(two, kind, "math")), sapply(kinds, function(kind) ask(two, kind, "hf7")))
names(intervals) <- paste(rep(c("math", "hf7"), each = 4), rep(kinds, 2), sep = ".")
intervals[["math.z90"]] <- ask(two, "mean", "math", .1, Inf)
# With equal weights only: R reads the limits of its score interval off the unweighted share of values.
equal <- svydesign(id = ~village, strata = ~vstratum, weights = ~even, data = villages)
score <- mat(unclass(svyquantile(~x, equal, c(.4, .5, .6), interval.type = "score")$x))
replicates <- suppressWarnings(list(
  mean = ask(jkn, "mean", "math"), quantile = ask(jkn, "quantile", "math"), hf7 = ask(jkn, "quantile", "hf7"),
  scale = num(jkn$scale), rscales = num(jkn$rscales), df = num(degf(jkn)), weights = mat(t(weights(jkn, "analysis")))))
made <- list(
  versions = obj(c(R = sprintf('"%s"', R.version.string), survey = sprintf('"%s"', packageVersion("survey")))),
  probs = num(probs), rules = obj(rows), df = num(degf(two)), intervals = obj(intervals), score = score, replicates = obj(replicates))
writeLines(obj(made), out)
