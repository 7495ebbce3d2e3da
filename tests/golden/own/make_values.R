# Writes values.json: the numbers that R's survey gives for cases.json. Run in this folder: Rscript make_values.R [OUT]
suppressMessages(library(survey))
out <- c(commandArgs(trailingOnly = TRUE), "values.json")[1]
villages <- read.csv("villages.csv"); single <- read.csv("single.csv")
two <- svydesign(id = ~village + household, strata = ~vstratum + hstratum, weights = ~w, fpc = ~M + N, data = villages, nest = TRUE)
replaced <- svydesign(id = ~village, strata = ~vstratum, weights = ~w, data = villages)
lonely <- svydesign(id = ~unit, strata = ~stratum, weights = ~w, data = single)

num <- function(x) if (length(x) == 1) { if (is.finite(x)) sprintf("%.17g", x) else sprintf('"%s"', x) } else sprintf("[%s]", paste(sapply(x, num), collapse = ", "))
mat <- function(v) sprintf("[%s]", paste(apply(as.matrix(v), 1, function(r) sprintf("[%s]", paste(sapply(r, num), collapse = ", "))), collapse = ", "))
obj <- function(...) { x <- list(...); x <- x[!sapply(x, is.null)]; sprintf("{%s}", paste(sprintf('"%s": %s', names(x), unlist(x)), collapse = ", ")) }
arr <- function(x) sprintf("[%s]", paste(x, collapse = ", "))
str <- function(x) sprintf('"%s"', x)

row <- function(name, b, s, df, deff = NULL, group = NULL)
  obj(group = group, variable = str(name), estimate = num(b), se = num(s), ci_t = num(b + c(-1, 1) * qt(.975, df) * s),
      ci_z = num(b + c(-1, 1) * qnorm(.975) * s), deff = if (!is.null(deff)) num(deff))
vec <- function(m, design, full = NULL, deff = FALSE, vcov = TRUE) {
  df <- degf(design); d <- if (deff) deff(m) else NULL
  names <- names(coef(m)); s <- as.vector(SE(m))
  rows <- sapply(seq_along(names), function(i) row(names[i], coef(m)[[i]], s[i], df, if (deff) as.vector(d)[if (is.matrix(d)) (i - 1) * nrow(d) + i else i]))
  obj(df = num(df), rows = arr(rows), vcov = if (vcov) mat(vcov(m)), df_full_design = if (!is.null(full)) num(full))
}
by2 <- function(m, design, by, name) {
  df <- degf(design); g <- as.data.frame(m)[by]; b <- coef(m); s <- as.vector(SE(m))
  obj(df = num(df), rows = arr(sapply(seq_along(b), function(i)
    row(name, b[[i]], s[i], df, group = sprintf("{%s}", paste(sprintf('"%s": "%s"', by, unlist(lapply(g[i, , drop = FALSE], as.character))), collapse = ", "))))))
}
prop <- function(method, level = .95) {
  m <- svyciprop(~poor, two, method = method, level = level)
  obj(df = num(degf(two)), rows = arr(obj(variable = str("poor"), estimate = num(coef(m)[[1]]), se = num(as.vector(SE(m))), ci = num(as.vector(attr(m, "ci"))))))
}
with_rule <- function(rule, f) { old <- options(survey.lonely.psu = rule); on.exit(options(old)); f() }
ultimate <- function(f) { old <- options(survey.ultimate.cluster = TRUE); on.exit(options(old)); f() }

tile <- subset(two, roof == "tile" & vstratum != "town"); inside <- subset(lonely, dom == "in")
ratio <- svyratio(~affected, ~persons, two, deff = "replace")
contrast <- svycontrast(svyby(~x, ~roof, two, svymean, covmat = TRUE), quote(tile / slab - 1))
values <- list(
  two_stage.mean = vec(svymean(~x + poor, two, deff = "replace"), two, deff = TRUE),
  two_stage.total = vec(svytotal(~x + persons, two, deff = TRUE), two, deff = TRUE),
  two_stage.levels = vec(svymean(~roof, two), two),
  two_stage.missing = vec(svymean(~score, two, na.rm = TRUE), two),
  two_stage.var = { v <- svyvar(~x, two); obj(df = num(degf(two)), rows = arr(row("x", coef(v)[[1]], as.vector(SE(v))[1], degf(two)))) },
  two_stage.ratio = obj(df = num(degf(two)), rows = arr(row("affected/persons", coef(ratio)[[1]], as.vector(SE(ratio)), degf(two), as.vector(deff(ratio))))),
  two_stage.by_ratio = by2(svyby(~affected, ~hstratum, two, svyratio, denominator = ~persons), two, "hstratum", "affected/persons"),
  two_stage.by_mean = by2(svyby(~x, ~roof + hstratum, two, svymean), two, c("roof", "hstratum"), "x"),
  two_stage.domain = vec(svytotal(~x + poor, tile), tile, full = degf(two)),
  two_stage.contrast = obj(df = num(degf(two)), rows = arr(row("contrast", coef(contrast)[[1]], as.vector(SE(contrast)), degf(two)))),
  two_stage.prop.beta = prop("beta"), two_stage.prop.xlogit = prop("xlogit", .9), two_stage.prop.asin = prop("asin"),
  ultimate.mean = ultimate(function() vec(svymean(~x, two), two)),
  replaced.total = vec(svytotal(~x, replaced), replaced),
  single.remove = with_rule("remove", function() vec(svytotal(~y, lonely), lonely)),
  single.certainty = with_rule("certainty", function() vec(svymean(~y, lonely), lonely)),
  single.adjust = with_rule("adjust", function() vec(svymean(~y, lonely), lonely)),
  single.average = with_rule("average", function() vec(svytotal(~y, lonely), lonely)),
  single.domain.average = with_rule("average", function() vec(svymean(~y, inside), inside, full = degf(lonely))),
  single.fail = with_rule("fail", function() obj(error = str(tryCatch({ svymean(~y, lonely); "none" }, error = conditionMessage)))))
versions <- obj(R = str(R.version.string), survey = str(as.character(packageVersion("survey"))))
writeLines(sprintf('{"versions": %s,\n "values": {\n  %s\n}}', versions, paste(sprintf('"%s": %s', names(values), unlist(values)), collapse = ",\n  ")), out)
