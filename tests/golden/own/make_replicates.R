# Writes replicates.json: the replicate variances that R's survey gives for villages.csv and halves.csv, and marks of its Hadamard
# matrices. Run in this folder: Rscript make_replicates.R [OUT]
suppressMessages(library(survey))
# with TRUE, totals of replicates leave out strata taken whole, and mse = TRUE compares them with totals of all
options(survey.drop.replicates = FALSE)
out <- c(commandArgs(trailingOnly = TRUE), "replicates.json")[1]
villages <- read.csv("villages.csv"); halves <- read.csv("halves.csv")
north <- subset(villages, vstratum == "north")
plain <- svydesign(id = ~village, weights = ~w, fpc = ~M, data = north)
strata <- svydesign(id = ~village, strata = ~vstratum, weights = ~w, fpc = ~M, data = villages)
replaced <- svydesign(id = ~village, strata = ~vstratum, weights = ~w, data = villages)
pairs <- svydesign(id = ~psu, strata = ~stratum, weights = ~w, data = halves, nest = TRUE)

num <- function(x) if (length(x) == 1) sprintf("%.17g", x) else sprintf("[%s]", paste(sapply(x, num), collapse = ", "))
obj <- function(...) { x <- list(...); sprintf("{%s}", paste(sprintf('"%s": %s', names(x), unlist(x)), collapse = ", ")) }
one <- function(design, type, y, z, ...) {
  about <- function(mse) {
    rep <- as.svrepdesign(design, type = type, mse = mse, ...)
    ratio <- svyratio(y, z, rep)
    list(rep, c(as.vector(SE(svytotal(y, rep)))^2, as.vector(SE(svymean(y, rep)))^2, as.vector(SE(ratio))^2))
  }
  mean <- about(FALSE); whole <- about(TRUE); rep <- mean[[1]]
  obj(scale = num(rep$scale), rscales = num(rep$rscales[rep$rscales > 0]), df = num(degf(rep)),
      mean = num(mean[[2]]), estimate = num(whole[[2]]))
}
# a number that changes when entries change places: the sum of (31 i^2 + 7 i j + 3 j) mod 1009 over the entries that are 1
mark <- function(n) { h <- hadamard(n); i <- row(h); j <- col(h); c(nrow(h), sum(((31 * i^2 + 7 * i * j + 3 * j) %% 1009)[h == 1])) }
sizes <- c(1:23, 28:47, 56:107, 112:150, 250, 500, 700)

writeLines(c("{", paste(c(
  sprintf('"made_with": "R %s, survey %s"', getRversion(), packageVersion("survey")),
  sprintf('"jk1": %s', one(plain, "JK1", ~x, ~persons)),
  sprintf('"jkn": %s', one(strata, "JKn", ~x, ~persons)),
  sprintf('"jkn_replaced": %s', one(replaced, "JKn", ~x, ~persons)),
  sprintf('"brr": %s', one(pairs, "BRR", ~y, ~z)),
  sprintf('"fay": %s', one(pairs, "Fay", ~y, ~z, fay.rho = .3)),
  sprintf('"hadamard": {%s}', paste(sprintf('"%d": %s', sizes, sapply(sizes, function(n) num(mark(n)))), collapse = ", "))
), collapse = ",\n"), "}"), out)
