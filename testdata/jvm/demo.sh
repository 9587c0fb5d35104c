#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Reads the JVM's own structure of every class that a running JVM initializes, and compares the values with what
# the JVM and its tools report.
#
#   testdata/jvm/demo.sh [FOLDER]
#
# Needs root, a kernel with BPF and uprobes, cargo, and the packages openjdk-17-jre-headless, openjdk-17-jdk-headless
# and openjdk-17-dbg (clang-19 only to rebuild probe.bpf.o, see testdata/build.sh). Files are written to FOLDER (the
# default is target/jvm). JAVA_HOME names another JDK 17 than that of the command java; DEBUG_ROOT a folder of debug
# files beside /usr/lib/debug; JVM_TYPES a BTF file to take the types from instead of the debug file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=${1:-${CARGO_TARGET_DIR:-target}/jvm}
mkdir -p "$work"
work=$(cd "$work" && pwd)
java_home=${JAVA_HOME:-$(readlink -f "$(command -v java)" | sed 's,/bin/java$,,')}
libjvm=$java_home/lib/server/libjvm.so
root=(${DEBUG_ROOT:+--debug-root "$DEBUG_ROOT"})
types=(${JVM_TYPES:+--types "$JVM_TYPES"})

fail() {
	echo "WRONG: $*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
	local tries=$(($1 * 10))
	shift
	until "$@"; do
		[ $((tries -= 1)) -gt 0 ] || fail "timed out: $*"
		sleep 0.1
	done
}

cargo build --quiet --release --all-features --example jvm --bin btfkit
release=${CARGO_TARGET_DIR:-target}/release
rm -f "$work"/*.class "$work"/{pid,log,events,sa,input}
"$java_home/bin/javac" --release 8 -d "$work" testdata/jvm/Shape.java
"$java_home/bin/javac" -cp "$work" -d "$work" testdata/jvm/Shapes.java

# ---- a JVM runs, and the probe reads -------------------------------------------

# The program ends with its input.
mkfifo "$work/input"
exec 3<>"$work/input"
"$release/examples/jvm" "${root[@]}" "${types[@]}" "$libjvm" "$java_home/bin/java" "-Xlog:class+init=info:file=$work/log" \
	-cp "$work" Shapes "$work/pid" <"$work/input" 3>&- >"$work/events" 2>"$work/report" &
watch=$!
trap 'exec 3>&-; wait $watch || true' EXIT
started() { [ -s "$work/pid" ] || ! kill -0 $watch 2>/dev/null; }
wait_for 300 started
[ -s "$work/pid" ] || fail "$(tail -3 "$work/report")"
pid=$(cat "$work/pid")

# What the JVM logs of each initialization: the class's name and the address of its InstanceKlass.
logged() { sed -nE "s/.* Initializing '([^']*)'.* \((0x[0-9a-f]+)\)$/\2 \1/p" "$work/log" | cut -c-146 | sort; }
read_by_probe() { sed -nE 's/.* klass=(\S+) .* name=(\S+) .*/\1 \2/p' "$work/events" | sort; }
complete() { [ "$(logged | wc -l)" = "$(read_by_probe | wc -l)" ]; }
wait_for 10 complete
diff <(logged) <(read_by_probe) >"$work/log.diff" || fail "the JVM's log has other classes: $work/log.diff"
echo "$(read_by_probe | wc -l) classes initialized: names and addresses are those of the JVM's log (-Xlog:class+init)"

# ---- the serviceability agent ---------------------------------------------------

# It has offsets of its own: libjvm.so exports a table of them (gHotSpotVMStructs).
{
	echo echo true
	sed -nE 's/.* klass=(\S+) .*/inspect \1/p' "$work/events" | sort -u
	printf '%s\n' jstack vmstructsdump quit
} | "$java_home/bin/jhsdb" clhsdb --pid "$pid" >"$work/sa" 2>"$work/sa.errors"

awk '
	function wrong(what) { print "WRONG: " name ": " what; failed = 1; exit 1 }
	{ sub(/^(hsdb> )+/, "") }
	FNR == NR && /^\+ inspect / { at = $3; next }
	FNR == NR && /^[^"]* (Klass|InstanceKlass)::_[a-z_]+: / {
		field = $0; sub(/: .*/, "", field); sub(/.*::/, "", field)
		inspected[at, field] = $NF == "null" ? "0x0000000000000000" : $NF
		next
	}
	FNR == NR && / tid=0x/ {
		tid = nid = $0; sub(/.* tid=/, "", tid); sub(/ .*/, "", tid); sub(/.* nid=0x/, "", nid); sub(/ .*/, "", nid)
		thread_ids[tid] = nid
		next
	}
	FNR == NR { next }
	{
		delete value
		for (i = 1; i <= NF; i++) {
			split($i, pair, "=")
			value[pair[1]] = substr($i, length(pair[1]) + 2)
		}
		name = value["name"]
		# The initializer was running; now it is done.
		if (value["_init_state"] != 3 || inspected[value["klass"], "_init_state"] != 4) wrong("_init_state")
		if (value["_init_thread"] != value["thread"]) wrong("_init_thread")
		if (value["thread"] in thread_ids) {
			threads++
			if (sprintf("%x", value["thread_id"]) != thread_ids[value["thread"]]) wrong("thread_id")
		}
		# _misc_has_resolved_methods may be set after the initializer.
		if (inspected[value["klass"], "_misc_flags"] == value["_misc_flags"] + 8192) value["_misc_flags"] += 8192
		for (field in value) if (field ~ /^_/ && field !~ /^_init_/) {
			if (value[field] != inspected[value["klass"], field])
				wrong(field " was read as " value[field] ", the agent has \"" inspected[value["klass"], field] "\"")
			fields++
		}
		names[value["klass"]] = name
		supers[value["klass"]] = value["_super"]
		super_names[value["klass"]] = value["super_name"]
		if (value["_super"] in names && names[value["_super"]] != value["super_name"]) wrong("super_name")
		if (value["super_name"] != "" && value["super_init_state"] !~ /^[34]$/) wrong("super_init_state")
	}
	END {
		if (failed) exit 1
		printf "%d values of fields in them are those of the serviceability agent (jhsdb clhsdb, inspect)\n", fields
		printf "%d thread ids, behind two pointers, are those of the agent (jstack)\n", threads
		exit !fields || !threads
	}
' "$work/sa" "$work/events"

# ---- class files ----------------------------------------------------------------

# of KEY: a value of the class's line
of() { sed -nE "s/.* $1=(\S*).*/\1/p" <<<" $line"; }
# equal WHAT READ EXPECTED
equal() { [ -n "$3" ] && [ "$2" = "$3" ] || fail "$class: $1: read '$2', it is '$3'"; }

printf '\n%-10s %-17s %-12s %7s %6s %7s %10s %8s %9s %6s %6s\n' class super source version flags fields interfaces methods \
	'size' vtable itable
for class in Shape Circle Polygon Square Colour Point Shapes; do
	line=$(grep " name=$class " "$work/events")
	said=$("$java_home/bin/javap" -v -p -cp "$work" "$class")
	count() { sed -nE "/^  interfaces: /s/.*\b$1: ([0-9]+).*/\1/p" <<<"$said"; }
	flags=$(sed -nE 's/^  flags: \((0x[0-9a-f]+)\).*/\1/p' <<<"$said" | head -1)
	equal super "$(of super_name)" "$(sed -nE 's,^  super_class: .*// *,,p' <<<"$said")"
	equal source "$(of source_file)" "$(sed -nE 's/^SourceFile: "(.*)"/\1/p' <<<"$said")"
	equal version "$(of major_version)" "$(sed -nE 's/^  major version: //p' <<<"$said")"
	equal fields "$(of _java_fields_count)" "$(count fields)"
	equal interfaces "$(of interfaces)" "$(count interfaces)"
	equal methods "$(of methods)" "$(count methods)"
	equal flags "$(($(of _access_flags) & 0xffff))" "$((flags))"
	# ACC_SUPER, which every class has, is no modifier.
	equal modifiers "$(of _modifier_flags)" "$((flags & ~0x20))"
	equal super_init_state "$(of super_init_state)" 4
	# The lowest bit of the layout helper is another fact: whether allocation takes the slow path.
	printf '%-10s %-17s %-12s %7s %6s %7s %10s %8s %9s %6s %6s\n' "$class" "$(of super_name)" "$(of source_file)" \
		"$(of major_version)" "$flags" "$(of _java_fields_count)" "$(of interfaces)" "$(of methods)" \
		"$(($(of _layout_helper) & ~1))" "$(of _vtable_len)" "$(of _itable_len)"
done
echo 'all as javap has it (size, vtable and itable: as the agent has them)'

# ---- every offset and size that libjvm.so exports ---------------------------------

exec 3>&-
wait $watch || fail "$(tail -3 "$work/report")"
trap - EXIT

btfkit=$release/btfkit
whole=${JVM_TYPES:-$work/jvm.btf}
[ -n "${JVM_TYPES-}" ] || "$btfkit" convert --quiet "$libjvm" "${root[@]}" -o "$whole" 2>"$work/notes"

# Typedefs and enumerators as arguments of templates: DWARF has the types and the numbers.
"$btfkit" dump "$whole" | sed -nE "s/^\s*'(mt[A-Z][A-Za-z]*)' val=([0-9]+)$/s,<\1>,<(MEMFLAGS)\2>,/p" >"$work/names"
printf '%s\n' 's/<u1>/<unsigned char>/' 's/<(u2|jushort)>/<short unsigned int>/' >>"$work/names"
sed -nE 's/^(hsdb> )*field (.+) ([^ ]+) ("[^"]*"|[^" ]+) false ([0-9]+) 0x0$/\2\t\3\t\5/p' "$work/sa" |
	sed -Ef "$work/names" >"$work/offsets"
# Of the types those that are classes: no pointers, no integers.
sed -nE 's/^(hsdb> )*type ([^"* ]+) ("[^"]*"|[^" ]+) false false false ([0-9]+)$/\2\t\4/p' "$work/sa" |
	sed -Ef "$work/names" >"$work/sizes"

# compare TYPES: all offsets and sizes of a BTF file
compare() {
	local equal=0 type field expected found
	while IFS=$'\t' read -r type field expected; do
		found=$("$btfkit" offset "$1" "$type" "$field" 2>&1) || fail "$found"
		[[ $found =~ "  offset $expected  " ]] || fail "$type: the table has offset $expected, btfkit: $found"
		equal=$((equal + 1))
	done <"$work/offsets"
	echo "$equal offsets of fields"
	equal=0
	while IFS=$'\t' read -r type expected; do
		# A typedef that nothing uses is not in the debug information.
		[ "$type" != IntptrHashtable ] || continue
		found=$("$btfkit" offset "$1" "$type" 2>&1) || fail "$found"
		[[ $found =~ "  size $expected"$ ]] || fail "$type: the table has size $expected, btfkit: $found"
		equal=$((equal + 1))
	done <"$work/sizes"
	echo "$equal sizes of types"
}

printf '\n%s\n' 'equal to the table that libjvm.so exports (gHotSpotVMStructs, gHotSpotVMTypes), all types converted:'
compare "$whole"
[ -z "${JVM_TYPES-}" ] || exit 0

echo 'and with only the types of the table asked for by name:'
mapfile -t names < <(cut -f1 "$work/offsets" "$work/sizes" | sort -u | grep -vx IntptrHashtable)
"$btfkit" convert --quiet "$libjvm" "${root[@]}" "${names[@]/#/--root=}" -o "$work/named.btf" 2>"$work/notes"
compare "$work/named.btf"
