# The short front door.  CMakePresets.json holds the builds, scripts/ the rest.

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# For `make bench`: which workloads, whether a short run will do, and which optional
# systems to run and install as well (`all` or names).  A full run writes the page.
W ?=
QUICK ?=
PEERS ?=
BENCH_PAGE = $(if $(W)$(filter-out 0,$(QUICK)),,--page docs/benchmarks.md)

CONFIGURE = cmake --log-level=NOTICE --preset
BUILD = cmake --build --parallel $(JOBS) --preset
# One more than there are processors: tests of pages in a browser mostly wait.  Sanitized ones have none to spare.
TEST = ctest --parallel $$(($(JOBS) + 1)) --preset

.PHONY: release demo test test-long test-nightly coverage mutate fuzz check bench install sanitize format clean help

release: ## build the library and the command into build/release
	@scripts/setup --check build
	@$(CONFIGURE) release
	@$(BUILD) release

demo: ## show what ouro does, with a report of its heap
	@scripts/setup build demo
	@$(CONFIGURE) release
	@$(BUILD) release
	@mkdir -p build/demo
	@build/release/command/ouro demo --snapshot build/demo/packages.snapshot
	@if build/release/command/ouro report -o build/demo/report.html build/demo/packages.snapshot; then \
	  echo "   A page about the packages' heap: file://$(CURDIR)/build/demo/report.html"; echo; fi

test: ## build with every check and run all tests
	@scripts/setup build test
	@$(CONFIGURE) test
	@$(BUILD) test
	@$(TEST) test
	@scripts/covered.py build/test

test-long: ## the long runs of the tests: ten minutes
	@scripts/setup build test fuzz
	@$(CONFIGURE) test
	@$(BUILD) test
	@$(TEST) long
	@scripts/covered.py build/test

test-nightly: ## the nightly runs of the tests: an hour
	@scripts/setup build test fuzz mutate
	@$(CONFIGURE) test
	@$(BUILD) test
	@$(TEST) nightly
	@scripts/covered.py build/test

coverage: ## which lines and branches of the library the tests reach
	@scripts/setup build coverage
	@$(CONFIGURE) coverage
	@$(BUILD) coverage
	@find build/coverage -name '*.gcda' -delete
	@$(TEST) coverage
	@scripts/coverage build/coverage

mutate: ## which planted faults the tests notice (SAMPLE=number)
	@scripts/setup build test mutate
	@$(CONFIGURE) test
	@$(BUILD) test
	@tests/mutation/mutate.py --jobs $(JOBS) --sample $(or $(SAMPLE),0)

fuzz: ## both fuzzers on heaps, ten minutes each, and on the readers of files
	@scripts/setup build test fuzz
	@for target in '' --snapshot --log --published; do \
	  for fuzzer in libfuzzer afl; do \
	    OURO_TEST_TIER=nightly scripts/fuzz $$target $$fuzzer || exit 1; \
	  done; \
	done

sanitize: ## run all tests under ASan and UBSan
	@scripts/setup build sanitize
	@$(CONFIGURE) asan
	@$(BUILD) asan
	@ctest --parallel $(JOBS) --preset asan

check: ## format, lint, house rules and the quick tests
	@scripts/setup build test check
	@scripts/check

format: ## rewrite the sources in the house's format
	@scripts/setup check
	@scripts/check_format.py --fix

bench: ## measure against the others (W=workload QUICK=1 PEERS=all)
	@scripts/setup build bench $(if $(filter all,$(PEERS)),peers)
	@$(CONFIGURE) release
	@$(BUILD) release --target ouro_static
	@W="$(W)" QUICK="$(QUICK)" PEERS="$(PEERS)" bench/run $(BENCH_PAGE)

install: ## install into PREFIX, below DESTDIR
	@scripts/setup --check build
	@$(CONFIGURE) release -DCMAKE_INSTALL_PREFIX="$(abspath $(PREFIX))"
	@$(BUILD) release
	@DESTDIR="$(DESTDIR)" cmake --install build/release
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

clean: ## remove everything that was built
	@rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 21
