#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Rebuilds every object, program and golden text in this folder from the sources.
#
#   testdata/build.sh            in place
#   testdata/build.sh --check    in a temporary folder, then compares with what is here
#   testdata/build.sh --tools    says which tools it would use; tools.txt has those used for what is here
#
# With the compilers named in README.md the result is the same to the byte. Paths are
# given relative to this folder and the folder itself is called `.` in the debug info.
set -euo pipefail
export LC_ALL=C SOURCE_DATE_EPOCH=0 TZ=UTC
cd "$(dirname "${BASH_SOURCE[0]}")"

CLANG=${CLANG:-clang-19}
GCC=${GCC:-gcc-12}
CLANGXX=${CLANGXX:-clang++-19}
GXX=${GXX:-g++-12}
RUSTC=${RUSTC:-rustc}
GO=${GO:-go}
GDB=${GDB:-gdb}
DWARFDUMP=${DWARFDUMP:-llvm-dwarfdump-19}

check=
out=.
case "${1-}" in
"") ;;
--check)
	check=1
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
	;;
--tools)
	for tool in "$CLANG" "$CLANGXX" "$GCC" "$GXX" "$RUSTC" "$GDB" "$DWARFDUMP" llvm-objcopy-19 objcopy dwp dwz python3; do
		echo "$tool: $("$tool" --version 2>&1 | grep -m1 '[0-9]' || echo 'not here')"
	done
	echo "$GO: $("$GO" version 2>&1 || echo 'not here')"
	exit
	;;
*)
	echo "usage: $0 [--check | --tools]" >&2
	exit 2
	;;
esac
built=()

# bpf TARGET SOURCE OUTPUT [FLAG...]
bpf() {
	local target=$1 source=$2 output=$3
	shift 3
	mkdir -p "$(dirname "$out/$output")"
	"$CLANG" -g -O2 -target "$target" -mcpu=v3 -Wall -Wextra -Werror -fno-ident \
		-fdebug-compilation-dir=. "-ffile-prefix-map=$PWD=." \
		"$@" -c "$source" -o "$out/$output"
	built+=("$output")
}

# native gcc|clang 4|5 SOURCE OUTPUT [FLAG...]: a relocatable object
native() {
	local compiler=$1 dwarf=$2 source=$3 output=$4 command
	shift 4
	mkdir -p "$(dirname "$out/$output")"
	case $compiler in
	gcc) command=("$GCC") ;;
	clang) command=("$CLANG" -fdebug-compilation-dir=.) ;;
	esac
	"${command[@]}" -gdwarf-"$dwarf" -fPIE -Wall -Wextra -Werror \
		"-ffile-prefix-map=$PWD=." "$@" -c "$source" -o "$out/$output"
}

# program gcc|clang 4|5 SOURCE OUTPUT [FLAG...]: linked, with the linker both compilers share
program() {
	local compiler=$1 dwarf=$2 source=$3 output=$4
	shift 4
	native "$compiler" "$dwarf" "$source" "$output.tmp.o" "$@"
	"$GCC" -pie -Wl,--build-id=sha1,-z,noseparate-code "$out/$output.tmp.o" -o "$out/$output"
	rm "$out/$output.tmp.o"
	built+=("$output")
}

# ---- tutorial -----------------------------------------------------------------

bpf bpf tutorial/probe.bpf.c tutorial/probe.bpf.o
for compiler in gcc clang; do
	for dwarf in 4 5; do
		for prog in prog_a prog_b; do
			program $compiler $dwarf tutorial/$prog.c tutorial/$prog.$compiler-dwarf$dwarf -O1
		done
	done
done

# ---- openssl ------------------------------------------------------------------

bpf bpf openssl/probe.bpf.c openssl/probe.bpf.o

# ---- jvm ----------------------------------------------------------------------

bpf bpf jvm/probe.bpf.c jvm/probe.bpf.o

# ---- layouts ------------------------------------------------------------------

bpf bpf layouts/probe.bpf.c layouts/probe.bpf.o
bpf bpfeb layouts/probe.bpf.c layouts/probe.bpfeb.o
bpf bpf layouts/probe_v4.bpf.c layouts/probe_v4.bpf.o -mcpu=v4
for layout in 1 2 3 4; do
	for compiler in gcc clang; do
		for dwarf in 4 5; do
			program $compiler $dwarf layouts/server.c \
				layouts/server$layout.$compiler-dwarf$dwarf -O1 -DLAYOUT=$layout
		done
	done
done
"$GCC" -Wall -Wextra -Werror layouts/slots.c -o "$out/layouts/slots.tmp"
"$out/layouts/slots.tmp" >"$out/layouts/slots.txt"
"$out/layouts/slots.tmp" v4 >"$out/layouts/slots_v4.txt"
rm "$out/layouts/slots.tmp"
built+=(layouts/slots.txt layouts/slots_v4.txt)

# ---- units --------------------------------------------------------------------

for compiler in gcc clang; do
	for dwarf in 4 5; do
		to=units/units.$compiler-dwarf$dwarf
		for unit in first second; do
			native $compiler $dwarf units/$unit.c $to.$unit.o -O1
		done
		"$GCC" -pie -Wl,--build-id=sha1,-z,noseparate-code "$out/$to.first.o" "$out/$to.second.o" -o "$out/$to"
		rm "$out/$to.first.o" "$out/$to.second.o"
		built+=("$to")
	done
done

# ---- types --------------------------------------------------------------------

bpf bpf types/kinds.bpf.c types/kinds.bpf.o
for reason in FORWARD_ENUM ATOMIC WIDE_ENUM_BITS FORWARD_RESULT EMPTY_VARIABLE; do
	bpf bpf types/refused.bpf.c "types/refused_${reason,,}.bpf.o" -D$reason
done
bpf bpf types/tags.c types/tags.bpf.o
for dwarf in 4 5; do
	program clang $dwarf types/tags.c types/tags.clang-dwarf$dwarf -O1
done
for compiler in gcc clang; do
	for dwarf in 4 5; do
		name=types/kinds.$compiler-dwarf$dwarf
		native $compiler $dwarf types/kinds.c $name.o -O1
		built+=("$name.o")
		program $compiler $dwarf types/kinds.c $name -O1
	done
	# Comparing an unsigned bitfield with 0 is how it tells that it is one.
	program $compiler 5 types/offsets.c types/offsets.$compiler -O0 -Wno-type-limits -Wno-bool-compare \
		-Wno-unknown-warning-option
	unset 'built[-1]'
	"$out/types/offsets.$compiler" >"$out/types/offsets.$compiler.txt"
	rm "$out/types/offsets.$compiler"
done
cmp "$out"/types/offsets.{gcc,clang}.txt
mv "$out/types/offsets.gcc.txt" "$out/types/offsets.txt"
rm "$out/types/offsets.clang.txt"
built+=(types/offsets.txt)

# ---- packaging ----------------------------------------------------------------

# One program in every packaging there is. It has no C library, so that the files are small.
static_link=(-nostdlib -static -no-pie -Wl,--build-id=sha1,-z,noseparate-code,-z,norelro)

# unit COMPILER UNIT NAME FLAG...: packaging/NAME-UNIT.o (and .dwo, if it is split)
unit() {
	local compiler=$1 unit=$2 name=$3 command
	shift 3
	case $compiler in
	gcc) command=("$GCC" "-frandom-seed=$name-$unit") ;;
	clang) command=("$CLANG" -fdebug-compilation-dir=. -fno-addrsig) ;;
	esac
	# The .dwo file's name is in the object file: it must be the same wherever this builds.
	(
		[ -z "$check" ] || mkdir -p "$out/packaging"
		here=$PWD
		cd "$out"
		[ "$here" = "$PWD" ] || cp "$here"/packaging/*.[ch] packaging/
		# gcc makes the ids of split units from the folder, too: give it one that is called the same everywhere.
		PWD=/proc/self/cwd "${command[@]}" -g -O1 -fno-pie -fno-asynchronous-unwind-tables -fno-stack-protector \
			-Wall -Wextra -Werror -ffile-prefix-map=/proc/self/cwd=. "$@" -c "packaging/$unit.c" -o "packaging/$name-$unit.o"
	)
}

# packaged COMPILER NAME FLAG...: packaging/NAME, linked from the three units; LINK are further flags for that
packaged() {
	local compiler=$1 name=$2 unit objects=()
	shift 2
	for unit in one two three; do
		unit "$compiler" $unit "$name" "$@"
		objects+=("packaging/$name-$unit.o")
	done
	(
		cd "$out"
		PWD=/proc/self/cwd "$GCC" "${static_link[@]}" -frandom-seed=$name -ffile-prefix-map=/proc/self/cwd=. "$@" \
			${LINK-} "${objects[@]}" -o "packaging/$name"
	)
	(cd "$out" && rm "${objects[@]}")
	built+=("packaging/$name")
}

for compiler in gcc clang; do
	packaged $compiler plain.$compiler -gdwarf-5
	for dwarf in 2 3 4; do
		packaged $compiler dwarf$dwarf.$compiler -gdwarf-$dwarf
	done
	packaged $compiler dwarf64.$compiler -gdwarf-5 -gdwarf64
	for dwarf in 4 5; do
		packaged $compiler split$dwarf.$compiler -gdwarf-$dwarf -gsplit-dwarf
		for unit in one two three; do
			built+=("packaging/split$dwarf.$compiler-$unit.dwo")
		done
	done
done
# clang makes type units for C++ only.
for dwarf in 4 5; do
	packaged gcc types$dwarf.gcc -gdwarf-$dwarf -fdebug-types-section
done
packaged gcc lto.gcc -gdwarf-5 -flto
(
	# clang's link-time optimisation takes its own linker.
	for unit in one two three; do
		unit clang $unit lto.clang -gdwarf-5 -flto
	done
	cd "$out"
	"$CLANG" -fuse-ld=lld-19 "${static_link[@]}" -Qunused-arguments packaging/lto.clang-{one,two,three}.o -o packaging/lto.clang
	rm packaging/lto.clang-*.o
)
built+=(packaging/lto.clang)
LINK=-Wl,--emit-relocs packaged gcc relocs.gcc -gdwarf-5
(
	cd "$out/packaging"
	objcopy --compress-debug-sections=zlib plain.gcc zlib.gcc
	objcopy --compress-debug-sections=zlib-gnu plain.gcc zdebug.gcc
	llvm-objcopy-19 --compress-debug-sections=zstd plain.gcc zstd.gcc
	objcopy --only-keep-debug plain.gcc program.debug
	objcopy --strip-all --add-gnu-debuglink=program.debug plain.gcc stripped.gcc
	objcopy --remove-section=.note.gnu.build-id stripped.gcc unnamed.gcc
	# dwz moves to the shared file what two programs have in common.
	cp plain.gcc dwz.gcc
	cp plain.gcc other.gcc
	dwz -m shared.dwz -M shared.dwz dwz.gcc other.gcc
	cp plain.gcc dwz5.gcc
	cp plain.gcc other.gcc
	dwz --dwarf-5 -m shared5.dwz -M shared5.dwz dwz5.gcc other.gcc
	# What the two have in common is 20 bytes at random; here it is always the same.
	python3 -c '
shared = open("shared5.dwz", "rb").read()
start = shared.index(b"\5\0\1\0\x14") + 5
common = shared[start:start + 20]
for name in "shared5.dwz", "dwz5.gcc":
    content = open(name, "rb").read()
    assert content.count(common) == 1
    open(name, "wb").write(content.replace(common, bytes(range(1, 21))))
'
	cp plain.gcc partial.gcc
	dwz partial.gcc
	rm other.gcc
	cd ..
	dwp -e packaging/split4.gcc -o packaging/split4.gcc.dwp
	# dwp of binutils 2.40 knows DWARF 4 only, and some files keep llvm-dwp busy for ever.
	timeout 60 llvm-dwp-19 -e packaging/split5.gcc -o packaging/split5.gcc.dwp
	timeout 60 llvm-dwp-19 -e packaging/split5.clang -o packaging/split5.clang.dwp
)
built+=(packaging/{zlib,zdebug,zstd,stripped,unnamed,dwz,dwz5,partial}.gcc packaging/program.debug packaging/shared{,5}.dwz)
built+=(packaging/split{4.gcc,5.gcc,5.clang}.dwp)
for system in {x86_64,i386,aarch64,powerpc64,s390x,riscv64,mips,loongarch64}-linux-gnu arm-linux-gnueabihf; do
	unit clang all ${system%%-*} --target=$system -gdwarf-5
	built+=("packaging/${system%%-*}-all.o")
done
# Of a kind whose addends stand in place: to apply these twice would do harm.
(cd "$out" && ld -m elf_i386 --emit-relocs --build-id=none packaging/i386-all.o -o packaging/relocs-i386.clang32)
built+=(packaging/relocs-i386.clang32)
unit clang all single -gdwarf-5 -gsplit-dwarf=single
built+=(packaging/single-all.o)

# ---- other languages --------------------------------------------------------------

# facts PROGRAM: what gdb says of its layouts, in PROGRAM.gdb.txt
facts() {
	"$GDB" -batch -nx -readnow -x ../tests/dwarf/gdb/facts.py "$out/$1" >"$out/$1.gdb.txt" 2>/dev/null
	# Ends with a line that says so if all went well.
	tail -n 1 "$out/$1.gdb.txt" | grep -q 'that gdb could not say$'
	built+=("$1.gdb.txt")
}

# Values in .data, and what gdb prints of them; the same in the other byte order.
for compiler in gcc clang; do
	program $compiler 5 values/values.c values/values.$compiler -O0
	"$GDB" -batch -nx -x values/print.py "$out/values/values.$compiler" >"$out/values/values.$compiler.gdb.txt"
	built+=(values/values.$compiler.gdb.txt)
done
for system in s390x powerpc; do
	"$CLANG" --target=$system-linux-gnu -ffreestanding -DPORTABLE -gdwarf-5 -O0 -fno-ident -fno-addrsig -Wall -Wextra -Werror \
		-fdebug-compilation-dir=. "-ffile-prefix-map=$PWD=." -c values/values.c -o "$out/values/values.$system.o"
	built+=(values/values.$system.o)
done

for name in foreign plain modes typo; do
	bpf bpf truth/$name.bpf.c truth/$name.bpf.o
done
# Not called .bpf.o, since aya can't read its sections.
bpf bpf truth/optional.bpf.c truth/optional.o
CLANG=$CLANGXX bpf bpf truth/names.bpf.cc truth/names.bpf.o

mkdir -p "$out"/{cxx,rust,go}
bpf bpf cxx/probe.bpf.c cxx/probe.bpf.o
for dwarf in 4 5; do
	for compiler in gcc clang; do
		facts types/kinds.$compiler-dwarf$dwarf
		name=cxx/classes.$compiler-dwarf$dwarf
		case $compiler in
		gcc) command=("$GXX") ;;
		clang) command=("$CLANGXX" -fdebug-compilation-dir=.) ;;
		esac
		"${command[@]}" -gdwarf-$dwarf -O1 -fPIE -fno-rtti -fno-exceptions -nostdinc++ -Wall -Wextra -Werror \
			"-ffile-prefix-map=$PWD=." -c cxx/classes.cc -o "$out/$name.tmp.o"
		"$GCC" -pie -Wl,--build-id=sha1,-z,noseparate-code "$out/$name.tmp.o" -o "$out/$name"
		rm "$out/$name.tmp.o"
		built+=("$name")
		facts "$name"
	done
done

# Templates whose names clang writes with their arguments, and without.
for names in plain simple types; do
	case $names in
	plain) flags=() ;;
	simple) flags=(-gsimple-template-names) ;;
	types) flags=(-gsimple-template-names -fdebug-types-section) ;;
	esac
	"$CLANGXX" -gdwarf-5 "${flags[@]}" -std=c++20 -O1 -fno-rtti -fno-exceptions -nostdinc++ -fno-ident -fno-addrsig \
		-Wall -Wextra -Werror -fdebug-compilation-dir=. "-ffile-prefix-map=$PWD=." \
		-c cxx/templates.cc -o "$out/cxx/templates.$names.o"
	built+=("cxx/templates.$names.o")
done

# One program of two units whose names are qualified, in the packagings that take types out of their namespaces
# and classes.
for compiler in gcc clang; do
	case $compiler in
	gcc) command=("$GXX") ;;
	clang) command=("$CLANGXX" -fdebug-compilation-dir=. -fno-addrsig) ;;
	esac
	for packaging in plain types4 types5; do
		case $packaging in
		plain) flags=(-gdwarf-5) ;;
		types*) flags=(-gdwarf-"${packaging#types}" -fdebug-types-section) ;;
		esac
		name=cxx/names.$packaging.$compiler
		for unit in one two; do
			"${command[@]}" "${flags[@]}" -O1 -fno-pie -fno-rtti -fno-exceptions -nostdinc++ \
				-fno-asynchronous-unwind-tables -fno-stack-protector -Wall -Wextra -Werror \
				"-ffile-prefix-map=$PWD=." -c cxx/names_$unit.cc -o "$out/$name.$unit.o"
		done
		"$GCC" "${static_link[@]}" "$out/$name.one.o" "$out/$name.two.o" -o "$out/$name"
		rm "$out/$name.one.o" "$out/$name.two.o"
		built+=("$name")
	done
done
(
	cd "$out/cxx"
	cp names.plain.gcc names.partial.gcc
	dwz names.partial.gcc
	cp names.plain.gcc names.dwz.gcc
	cp names.plain.gcc other.gcc
	dwz -m names.shared.dwz -M names.shared.dwz names.dwz.gcc other.gcc
	rm other.gcc
)
built+=(cxx/names.{partial,dwz}.gcc cxx/names.shared.dwz)

"$RUSTC" --edition 2024 --emit=obj -C debuginfo=2 -C opt-level=1 -C panic=abort -C codegen-units=1 \
	--remap-path-prefix="$PWD=." rust/shapes.rs -o "$out/rust/shapes.o"
built+=(rust/shapes.o)
facts rust/shapes.o

# Of the program only what says its types is kept: the rest is Go's runtime.
GO111MODULE=off "$GO" build -trimpath -ldflags=-buildid= -o "$out/go/shapes" go/shapes.go
facts go/shapes
objcopy --only-keep-debug -R .debug_frame -R .debug_loc -R .debug_ranges -R .debug_line -R .debug_gdb_scripts \
	-R .symtab -R .strtab -R '.note*' "$out/go/shapes"
built+=(go/shapes)

# ---- provenance -------------------------------------------------------------------

# origins PROGRAM: where llvm-dwarfdump says that its types are declared, in PROGRAM.origins.txt
origins() {
	"$DWARFDUMP" --debug-info "$out/$1" | awk -v OFS='\t' '
		function end() {
			if (tag != "" && name != "" && line != "") print die, tag, name, unit, file, line
		}
		/^0x[0-9a-f]+: +DW_TAG_/ {
			end()
			die = $1; sub(":", "", die); tag = $2; name = file = line = ""
			sub("DW_TAG_", "", tag)
			if (tag !~ /^(structure_type|union_type|enumeration_type|typedef)$/ && tag != "compile_unit") tag = ""
			next
		}
		tag == "" { next }
		$1 == "DW_AT_name" { match($0, /\(".*"\)/); name = substr($0, RSTART + 2, RLENGTH - 4); if (tag == "compile_unit") unit = name }
		$1 == "DW_AT_decl_file" { match($0, /\(".*"\)/); file = substr($0, RSTART + 2, RLENGTH - 4) }
		$1 == "DW_AT_decl_line" { gsub(/[()]/, "", $2); line = $2 }
		END { end() }' >"$out/$1.origins.txt"
	built+=("$1.origins.txt")
}

for program in types/kinds.gcc-dwarf5 types/kinds.clang-dwarf4 packaging/plain.gcc packaging/plain.clang packaging/dwarf64.gcc; do
	origins $program
done

# ---- probed ----------------------------------------------------------------------

mkdir -p "$out/probed"
for compiler in gcc clang; do
	for unit in first second; do
		native $compiler 5 probed/$unit.c probed/$unit.$compiler.tmp.o -O1
	done
	"$GCC" -pie -Wl,--build-id=sha1,-z,noseparate-code "$out"/probed/{first,second}.$compiler.tmp.o -o "$out/probed/program.$compiler"
	rm "$out"/probed/{first,second}.$compiler.tmp.o
	built+=("probed/program.$compiler")
done

# ---- the end ------------------------------------------------------------------

if [ -n "$check" ]; then
	bad=0
	for file in "${built[@]}"; do
		cmp "$file" "$out/$file" || bad=1
	done
	[ $bad = 0 ] && echo "${#built[@]} files, all as committed"
	exit $bad
fi
echo "${#built[@]} files built"
