# Writes pairs.json: chances of pairs as R's sampling gives them for lists of our own making. Run in this folder: Rscript make_pairs.R [OUT]
# Only units with 0 < pi < 1: at pi = 1 UPsampfordpi2 stops with an error and UPtillepi2 gives rows of 0; at pi = 0 UPmidzunopi2 gives chances below 0.
# UPmaxentropypi2 stops its iteration at 1e-6, which leaves its pairs wrong from the sixth digit on; with 1e-13, as here, they are right.
suppressMessages(library(sampling))
out <- c(commandArgs(trailingOnly = TRUE), "pairs.json")[1]
num <- function(x) sprintf("[%s]", paste(sprintf("%.17g", x), collapse = ", "))
mat <- function(m) sprintf("[%s]", paste(apply(m, 1, num), collapse = ", "))
list_of <- list(
  six = 1:6 / 7,
  villages = 4 * c(61, 75, 112, 143, 58, 190, 264, 97, 133, 181, 84, 202) / 1600,
  steep = c(.995, .96, .9, .52, .31, .17, .08, .04, .02, .005),
  tied = c(.25, .25, .5, .5, .75, .75)
)
fine <- function(p) { w <- UPMEpiktildefrompik(p, 1e-13); UPMEpik2frompikw(p, w / (1 - w)) }
rules <- list(UPMEpik2frompikw = fine, UPsampfordpi2 = UPsampfordpi2, UPtillepi2 = UPtillepi2, UPmidzunopi2 = UPmidzunopi2,
              UPsystematicpi2 = UPsystematicpi2, UPmaxentropypi2 = UPmaxentropypi2)
cases <- c()
for (name in names(list_of)) {
  p <- list_of[[name]]
  made <- c(lapply(rules, function(f) mat(f(p))), UPMEpiktildefrompik = num(UPMEpiktildefrompik(p, 1e-13)))
  for (f in names(made)) cases <- c(cases, sprintf('  {"id": "%s.%s", "function": "%s", "args": {"pik": %s}, "result": {"value": %s}, "rtol": 1e-09, "atol": 1e-13}',
                                                   f, name, f, num(p), made[[f]]))
}
cat(sprintf('{"versions": {"R": "%s", "sampling": "%s"},\n "cases": [\n%s\n]}\n', R.version.string, packageVersion("sampling"),
            paste(cases, collapse = ",\n")), file = out)
