#!/usr/bin/env bash
# Fetches the free brush fonts that `kuzushiji synthesize` writes with into fonts/; what is there is kept.
#   bash scripts/fonts.sh            needs apt-get (Debian, Ubuntu) and npm; goes on without the one that is missing
# docs/fonts.md tells what each is for, and its licence.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

debian=(fonts-kouzan-mouhitsu fonts-aoyagi-kouzan-t fonts-aoyagi-soseki fonts-ipamj-mincho)
npm=(liu-jian-mao-cao zhi-mang-xing yuji-hentaigana-akebono long-cang ma-shan-zheng yuji-boku yuji-mai yuji-syuku)
missing=()
mkdir -p fonts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch_debian() {  # a package's fonts, unpacked without being installed; its licence beside them
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    (cd "$work" && apt-get download -qq "$1" >/dev/null 2>&1) || return 1
    dpkg-deb -x "$work/$1"_*.deb "$work/$1" && mkdir -p "$work/$1.new" || return 1
    find "$work/$1/usr/share/fonts" -type f -name '*.[ot]tf' -exec cp -t "$work/$1.new" {} + || return 1
    cp "$work/$1/usr/share/doc/$1/copyright" "$work/$1.new/copyright" && mv "$work/$1.new" "fonts/$1"
}

fetch_npm() {  # the pieces of one font in a folder of its name
    command -v npm >/dev/null && (cd "$work" && npm pack --silent "@fontsource/$1" >/dev/null 2>&1) || return 1
    mkdir -p "$work/$1" && tar -xzf "$work/fontsource-$1"-*.tgz -C "$work/$1" --strip-components=1 || return 1
    mv "$work/$1" "fonts/$1"
}

for package in "${debian[@]}"; do
    [ -d "fonts/$package" ] || fetch_debian "$package" || missing+=("$package (Debian)")
done
for package in "${npm[@]}"; do
    [ -d "fonts/$package" ] || fetch_npm "$package" || missing+=("@fontsource/$package (npm)")
done
for package in "${missing[@]+"${missing[@]}"}"; do echo "fonts: could not fetch $package" >&2; done
echo "fonts: $(ls fonts | wc -l) of $((${#debian[@]} + ${#npm[@]})) packages in fonts/"
[ "$(ls fonts | wc -l)" -gt 0 ]
