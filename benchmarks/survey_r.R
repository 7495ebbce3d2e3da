# The peer in R: a proportion by ten domains with survey's svyby; Rscript survey_r.R FILE REPEATS
suppressPackageStartupMessages(library(survey))
asked <- commandArgs(TRUE)
table <- read.csv(asked[1])
design <- svydesign(ids = ~village, strata = ~stratum, weights = ~weight, data = table, nest = TRUE)
seconds <- numeric(0)
for (at in seq_len(as.integer(asked[2]))) {
  seconds <- c(seconds, system.time(found <- svyby(~y, ~domain, design, svymean))[["elapsed"]])
}
held <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
peak <- as.numeric(gsub("[^0-9]", "", held)) / 1024
cat(median(seconds), peak, format(c(sum(coef(found)), sum(SE(found))), digits = 15), as.character(packageVersion("survey")), "\n")
