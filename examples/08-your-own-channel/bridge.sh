#!/usr/bin/env bash
# A channel for claw in bash alone: each line read is a message, each reply frame is printed as it came, one JSON a line.
# Usage: BRIDGE_TOKEN=... bridge.sh HOST PORT CHANNEL [USER]
# The least that works: one connection, texts up to 65,535 bytes. bridge.py shows how to come back after a disconnection.
set -euo pipefail
export LC_ALL=C
host=$1 port=$2 channel=$3 user=${4:-you}

exec 3<>"/dev/tcp/$host/$port"
printf 'GET / HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n' \
  "$host" "$port" "$(head -c 16 /dev/urandom | base64)" >&3
read -r status <&3
[[ $status == *" 101 "* ]] || { echo "refused: $status" >&2; exit 1; }
while IFS=$'\r' read -r line <&3 && [[ -n $line ]]; do :; done

# Quotes a text for JSON.
json() {
  local text=$1
  text=${text//\\/\\\\}; text=${text//\"/\\\"}; text=${text//$'\t'/\\t}; text=${text//$'\r'/\\r}; text=${text//$'\n'/\\n}
  printf '"%s"' "$text"
}

# One frame: opcode, payload. A client must mask; a mask of zeros leaves the bytes as they are.
frame() {
  local size=${#2} head
  printf -v head '\\x%02x' $((0x80 | $1))
  if ((size < 126)); then printf -v head '%s\\x%02x' "$head" $((0x80 | size))
  else printf -v head '%s\\xfe\\x%02x\\x%02x' "$head" $((size >> 8)) $((size & 255)); fi
  { printf "$head"; printf '\x00\x00\x00\x00'; printf '%s' "$2"; } >&3
}

byte() { printf '%d' "0x$(head -c 1 <&3 | od -An -tx1 | tr -d ' \n')"; }

frame 1 "{\"type\":\"hello\",\"data\":{\"channelId\":$(json "$channel"),\"token\":$(json "${BRIDGE_TOKEN:-}")}}"

# What comes from the gateway, in the background.
(
  while first=$(byte); do
    size=$(($(byte) & 127))
    ((size == 126)) && size=$(($(byte) << 8 | $(byte)))
    payload=$(head -c "$size" <&3)
    case $((first & 15)) in
      8) exit 0 ;;
      9) frame 10 "$payload" ;;
      1) [[ $payload == *'"outbound_message"'* || $payload == *'"error"'* ]] && printf '%s\n' "$payload" ;;
    esac
  done
) &
reader=$!
trap 'kill $reader 2>/dev/null' EXIT

number=0
while IFS= read -r line; do
  frame 1 "{\"type\":\"inbound_message\",\"data\":{\"userId\":$(json "$user"),\"content\":$(json "$line"),\"messageId\":\"$$-$((number++))\"}}"
done
wait $reader
