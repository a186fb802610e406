#!/bin/sh
# Asks for an access token for the client itself. The secret goes by standard input, where a list of processes does not show it.
set -eu
{{#basic}}
printf 'user = "%s:%s"\n' '{{client_id_encoded}}' "$IDSRV_CLIENT_SECRET" |
  curl --silent --show-error --fail-with-body --config - \
{{/basic}}
{{#post}}
printf 'data-urlencode = "client_secret=%s"\n' "$IDSRV_CLIENT_SECRET" |
  curl --silent --show-error --fail-with-body --config - \
    --data-urlencode 'client_id={{client_id}}' \
{{/post}}
    --data grant_type=client_credentials \
{{#scoped}}
    --data-urlencode 'scope={{scope}}' \
{{/scoped}}
    '{{token_endpoint}}'
