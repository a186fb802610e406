#!/bin/sh
# Makes the first migration of both databases anew from the model. Only for as long as nothing is released:
# afterwards a change of the model is a migration of its own, added for both (see CONTRIBUTING.md).
set -eu
cd "$(dirname "$0")/../../.."
ef="${DOTNET_EF:-dotnet-ef}"
project=src/IdentityServer.Storage
rm -rf "$project/Migrations/Sqlite" "$project/Migrations/PostgreSql" "$project/CompiledModels"
dotnet build "$project" --nologo --verbosity quiet
for provider in Sqlite PostgreSql; do
    "$ef" migrations add Initial --no-build --project "$project" --context "${provider}MigrationContext" --output-dir "Migrations/$provider"
done
dotnet build "$project" --nologo --verbosity quiet
for provider in Sqlite PostgreSql; do
    "$ef" migrations has-pending-model-changes --no-build --project "$project" --context "${provider}MigrationContext"
done
src/IdentityServer.Storage/Migrations/compile-models.sh
