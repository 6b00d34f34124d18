# SPDX-License-Identifier: MIT
"""Systems in other languages: how each is built and started.

They are optional: their compilers and runtimes are large, and `make bench` alone
neither installs nor runs them.
"""


def systems(system, build, sources):
    """Entries made by `system`; what is built goes below `build`, sources are in `sources`."""
    def source(name):
        return str(sources / name)

    # ocamlopt leaves what it makes beside the source, so it gets a copy.
    ocaml = (f"mkdir -p {build}/ocaml-parts && cp {{source}} {build}/ocaml-parts/bench.ml && "
             f"ocamlopt -O3 -unsafe -inline 100 unix.cmxa {build}/ocaml-parts/bench.ml "
             "-o {program}")
    return [
        system("nim-orc", "nim_orc.nim", "nim", optional=True,
               recipe=["nim", "c", "--mm:orc", "-d:danger", "--threads:off", "--hints:off",
                       f"--nimcache:{build}/nim-parts", "-o:{program}", "{source}"]),
        system("php", "", "php-cli", optional=True,
               start=["php", "-d", "memory_limit=-1", source("php.php")]),
        system("node", "", "nodejs", optional=True,
               start=["node", "--expose-gc", "--max-old-space-size=8192", source("node.js")]),
        system("java", "Bench.java", "default-jdk-headless", optional=True, output="java/Bench.class",
               recipe=["javac", "-d", f"{build}/java", "{source}"],
               start=["java", "-Xmx8g", "-cp", f"{build}/java", "Bench"]),
        system("go", "go.go", "golang-go", optional=True,
               recipe=["go", "build", "-o", "{program}", "{source}"]),
        system("ocaml", "ocaml.ml", "ocaml-nox", optional=True, needs_command="ocamlopt",
               recipe=["sh", "-e", "-c", ocaml]),
        system("lua", "", "lua5.4", optional=True, start=["lua5.4", source("lua.lua")]),
    ]
