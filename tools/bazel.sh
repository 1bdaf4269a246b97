#!/bin/sh
# Queries, builds and tests the targets with Debian's bazel-bootstrap, offline: the rule sets and
# packages that a current Bazel would fetch are small stubs, and the packages come from VENV.
# usage: bazel.sh VENV [TEST TARGET …]
set -eu
cd "$(dirname "$0")/.."
venv=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- //tests/keras_gan/rules:test_losses //tests/keras_gan/rules:test_targets

if ! command -v bazel >/dev/null; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "Bazel is missing. On Debian, as root: apt-get install bazel-bootstrap" >&2
        exit 1
    fi
    echo "installing bazel-bootstrap"
    { apt-get update && apt-get install --yes --no-install-recommends bazel-bootstrap; } \
        >/dev/null || exit 1
fi
case $(bazel --version) in
"bazel no_version" | "bazel 4."*) ;; # Debian's own build does not know its number
*)
    echo "these stubs are for Debian's Bazel 4.2.3; a newer Bazel reads MODULE.bazel:" \
        "bazel test //..." >&2
    exit 1
    ;;
esac

scratch=$(mktemp -d)
stubs=$scratch/stubs
finish() {
    bazel --output_user_root="$scratch/output" shutdown >/dev/null 2>&1 || true
    chmod -R u+w "$scratch"
    rm -rf "$scratch"
}
trap finish EXIT

repository() { # NAME FOLDER: an empty package there
    mkdir -p "$stubs/$1/$2"
    echo "workspace(name = \"$1\")" >"$stubs/$1/WORKSPACE"
    [ -e "$stubs/$1/$2/BUILD" ] || : >"$stubs/$1/$2/BUILD"
}

rules() { # FILE RULE …: a .bzl file that hands on Bazel's own rules
    file=$1
    shift
    for name in "$@"; do echo "$name = native.$name"; done >"$file"
}

repository rules_cc cc
rules "$stubs/rules_cc/cc/defs.bzl" cc_binary cc_import cc_library cc_test cc_toolchain \
    cc_toolchain_suite objc_import objc_library
repository rules_java java
rules "$stubs/rules_java/java/defs.bzl" java_binary java_import java_library java_test \
    java_package_configuration java_plugin java_runtime java_toolchain
repository rules_proto proto
rules "$stubs/rules_proto/proto/defs.bzl" proto_lang_toolchain proto_library
repository remote_coverage_tools .
echo 'filegroup(name = "coverage_report_generator", visibility = ["//visibility:public"])' \
    >"$stubs/remote_coverage_tools/BUILD"

repository rules_python python
rules "$stubs/rules_python/python/defs.bzl" py_binary py_library py_runtime py_test
cat >"$stubs/rules_python/BUILD" <<END
load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")

py_runtime(
    name = "runtime",
    interpreter_path = "$venv/bin/python",
    python_version = "PY3",
)

py_runtime_pair(
    name = "pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":pair",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)
END

# Each package of third_party/BUILD as an empty library: the interpreter's own environment has it.
repository pip .
sed -n 's|.*"@pip//\([a-z0-9_]*\)".*|\1|p' third_party/BUILD | sort -u | while read -r name; do
    repository pip "$name"
    printf 'py_library(\n    name = "%s",\n    visibility = ["//visibility:public"],\n)\n' \
        "$name" >"$stubs/pip/$name/BUILD"
done

command=
run() {
    command=$1
    shift
    set -- "$@" --color=no --noshow_progress
    for stub in "$stubs"/*; do
        set -- "$@" "--override_repository=$(basename "$stub")=$stub"
    done
    bazel --output_user_root="$scratch/output" --max_idle_secs=60 "$command" "$@"
}

tools="--extra_toolchains=@rules_python//:toolchain --symlink_prefix=/"
echo "=== bazel query //..."
run query //... >"$scratch/targets"
wc -l <"$scratch/targets" | sed 's/$/ targets/'
echo "=== bazel build //..."
# shellcheck disable=SC2086
run build //... $tools
echo "=== bazel test $*"
# shellcheck disable=SC2086
run test "$@" $tools --test_output=errors --test_env=HOME
