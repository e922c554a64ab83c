#!/bin/sh
# Brings policies and tokens of the agents to what they have to be, with the management token. Run again it changes nothing.
set -eu

policy() { # NAME RULES
  if rollcall acl policy read -name "$1" >/dev/null 2>&1; then
    rollcall acl policy update -name "$1" -rules "$2" >/dev/null
  else
    rollcall acl policy create -name "$1" -rules "$2" >/dev/null
  fi
  echo "policy $1"
}

token() { # SECRET DESCRIPTION POLICY
  if ROLLCALL_HTTP_TOKEN="$1" rollcall acl token read -self >/dev/null 2>&1; then
    echo "token for $2: exists"
  else
    rollcall acl token create -secret "$1" -description "$2" -policy-name "$3" >/dev/null
    echo "token for $2: made"
  fi
}

tries=0
until rollcall acl policy list >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { rollcall acl policy list; exit 1; }
  sleep 2
done

policy agents 'node_prefix "" { policy = "write" } service_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }'
policy lookups 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } query_prefix "" { policy = "read" }'
token "$AGENT_TOKEN" agents agents
token "$DNS_TOKEN" dns lookups
if [ "$ANONYMOUS_READS" = true ]; then
  rollcall acl token update -id 00000000-0000-0000-0000-000000000002 -policy-name lookups -merge-policies >/dev/null
  echo "requests without a token: lookups"
fi
