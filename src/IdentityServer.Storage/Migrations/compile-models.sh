#!/bin/sh
# Makes code of the model, for both databases: the program takes that instead of building the model at each start. Run it after each
# change of an entity, a mapping or a version of EF; a test tells when it is due.
set -eu
cd "$(dirname "$0")/../../.."
ef="${DOTNET_EF:-dotnet-ef}"
project=src/IdentityServer.Storage
rm -rf "$project/CompiledModels"
dotnet build "$project" --nologo --verbosity quiet
for provider in Sqlite PostgreSql; do
    "$ef" dbcontext optimize --no-build --project "$project" --context "${provider}MigrationContext" \
        --output-dir "CompiledModels/$provider" --namespace "IdentityServer.Storage.CompiledModels.$provider"
done
dotnet build "$project" --nologo --verbosity quiet
