#!/usr/bin/env bash
# Fails where a Markdown file links to a file, or to a heading, that is not there. Links to
# other hosts are not followed: a build must not depend on them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# anchors FILE: the anchors of its headings, as code hosts derive them.
anchors() {
  sed '/^```/,/^```/d' "$1" | sed -n 's/^#\{1,6\} \(.*\)$/\1/p' | tr '[:upper:]' '[:lower:]' |
    sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

# targets FILE: the targets of its links and images, outside code blocks.
targets() {
  sed '/^```/,/^```/d' "$1" | grep -oE '\]\([^)]+\)' | sed -e 's/^](//' -e 's/)$//' -e 's/ ".*"$//' || true
}

bad=0
complain() {
  echo "$1: $2" >&2
  bad=1
}

checked=0
while IFS= read -r file; do
  while IFS= read -r target; do
    case "$target" in
    '' | http://* | https://* | mailto:*) continue ;;
    esac
    checked=$((checked + 1))
    path="${target%%#*}"
    anchor=''
    if [ "$target" != "$path" ]; then anchor="${target#*#}"; fi
    if [ -z "$path" ]; then dest="$file"; else dest="$(dirname "$file")/$path"; fi
    if [ ! -e "$dest" ]; then
      complain "$file" "links to $target, which is not there"
    elif [ -n "$anchor" ] && [ -f "$dest" ] && ! anchors "$dest" | grep -qxF -- "$anchor"; then
      complain "$file" "links to $target, which has no such heading"
    fi
  done < <(targets "$file")
done < <(git ls-files --cached --others --exclude-standard -- '*.md')
echo "$checked links between documents checked"
exit "$bad"
