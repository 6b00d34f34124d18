# SPDX-License-Identifier: MIT
"""What bench/run is made of.

    machine      what this machine is
    systems      the systems under test: how each is built and started
    languages    those of them with a compiler or a runtime of their own
    workloads    what is run, in full and shortened
    runner       runs systems in turn and keeps every figure
    bars         what ouro promises, as data, and whether it was met
    tables       tables for a terminal and for Markdown, and results.csv
    plots        pictures, where matplotlib is there
    curves       those of pauses and of memory over time
    picture      saves one
    page         the report as a page
"""
