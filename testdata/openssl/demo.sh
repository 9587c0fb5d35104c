#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# One BPF object, no offset table, three releases of OpenSSL: reads the structures of finished TLS handshakes, and
# compares what it reads with what OpenSSL itself writes into its key log.
#
#   testdata/openssl/demo.sh [FOLDER]
#
# Needs root, a kernel with BPF and uprobes, cargo, perl, make and a C compiler. OpenSSL is built in FOLDER (the
# default is target/openssl), from the sources in the crate openssl-src; what is there is not built again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=${1:-${CARGO_TARGET_DIR:-target}/openssl}
mkdir -p "$work"
work=$(cd "$work" && pwd)

declare -A crates=([1.1.1]=111.28.2 [3.0]=300.0.13 [3.6]=300.6.1)
releases=(1.1.1 3.0 3.6)

# source RELEASE: unpacks the crate
source_of() {
	local folder=$work/$1.source
	[ -d "$folder/vendor" ] && return
	mkdir -p "$folder/src"
	: >"$folder/src/lib.rs"
	printf '%s\n' '[package]' 'name = "sources"' 'version = "0.0.0"' 'edition = "2021"' '[workspace]' \
		'[dependencies]' "openssl-src = \"=${crates[$1]}\"" >"$folder/Cargo.toml"
	(cd "$folder" && cargo vendor --quiet vendor >/dev/null)
}

# build RELEASE: the command openssl, static, with debug information
build() {
	local folder=$work/$1 source=$work/$1.source/vendor/openssl-src/openssl
	[ -x "$folder/apps/openssl" ] && return
	echo "building OpenSSL $1 in $folder"
	mkdir -p "$folder"
	(
		cd "$folder"
		perl "$source/Configure" linux-x86_64 no-shared no-module no-legacy no-tests no-engine no-asm -g -O1 ||
			perl "$source/Configure" linux-x86_64 no-shared no-tests no-engine no-asm -g -O1
		make -j"$(nproc)" build_generated
		make -j"$(nproc)" apps/openssl
	) >"$folder.log" 2>&1 || {
		tail -20 "$folder.log" >&2
		exit 1
	}
}

# value KEY ROLE FILE: of the client's (0) or the server's (1) handshake
value() { grep "^$1=" "$3" | sed -n "$(($2 + 1))s/^[^=]*=//p"; }

# equal WHAT READ EXPECTED
equal() {
	if [ -z "$2" ] || [ "$2" != "$3" ]; then
		echo "WRONG: $1: read '$2', it is '$3'" >&2
		exit 1
	fi
}

cargo build --quiet --release --all-features --example openssl
watch=${CARGO_TARGET_DIR:-target}/release/examples/openssl

port=${PORT:-44330}
printf '%s\n' '[req]' 'distinguished_name = dn' '[dn]' >"$work/openssl.cnf"
export OPENSSL_CONF=$work/openssl.cnf
for release in "${releases[@]}"; do
	source_of "$release"
	build "$release"
	openssl=$work/$release/apps/openssl
	[ -f "$work/key.pem" ] || "$openssl" req -x509 -newkey rsa:2048 -nodes -subj /CN=demo.example -days 30 \
		-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
	for protocol in tls1_2 tls1_3; do
		port=$((port + 1))
		seen=$work/$release.$protocol
		rm -f "$seen".{keys,client,values}
		cat >"$seen.sh" <<-SCRIPT
			"$openssl" s_server -accept 127.0.0.1:$port -naccept 1 -cert "$work/cert.pem" -key "$work/key.pem" \
				-quiet </dev/null >/dev/null 2>&1 &
			for try in 1 2 3 4 5 6 7 8 9 10; do
				sleep 0.2
				(echo; sleep 0.5) | "$openssl" s_client -connect 127.0.0.1:$port -$protocol -servername demo.example \
					-keylogfile "$seen.keys" >"$seen.client" 2>&1 && break
			done
			wait
		SCRIPT
		timeout 60 "$watch" "$work/$release/apps/openssl" bash "$seen.sh" >"$seen.values" 2>"$seen.report"

		# What OpenSSL says of it.
		random=$(awk '$1 !~ /^#/ { print $2; exit }' "$seen.keys")
		secret=$(awk '$1 == "CLIENT_RANDOM" { print $3 }' "$seen.keys")
		cipher=$(sed -n 's/^.*, Cipher is //p' "$seen.client" | head -1)
		case $protocol in tls1_2) version=0x0303 ;; tls1_3) version=0x0304 ;; esac
		for role in 0 1; do
			# With TLS 1.3 the session tickets that follow end in the same function.
			[ $protocol = tls1_3 ] || equal count "$(value count $role "$seen.values")" 1
			equal server "$(value server $role "$seen.values")" $role
			equal version "$(value session_version $role "$seen.values")" $version
			equal client_random "$(value client_random $role "$seen.values")" "${random,,}"
			equal cipher "$(value cipher $role "$seen.values")" "$cipher"
			if [ $protocol = tls1_2 ]; then
				equal master_key "$(value master_key $role "$seen.values")" "${secret,,}"
			fi
		done
		equal server_name "$(value server_name 0 "$seen.values")" demo.example
		printf '%-6s layout %s  session %s  cipher %-28s client_random %.16s...  %s\n' "$release" \
			"$(value layout 1 "$seen.values")" "$version" "$cipher" "$random" \
			"$([ $protocol = tls1_2 ] && echo "master_key ${secret:0:16}..." || true)"
	done
done
echo "all as OpenSSL's own key log has it, in client and server"
