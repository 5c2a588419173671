#!/usr/bin/env bash
# Packs the packages, restores them into a project of their own and generates text with them.
# usage: nuget/smoke.sh [MODEL_FOLDER]     default: the Quickstart's model
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
model=$(realpath "${1:-samples/Quickstart/model}")
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1

rm -rf artifacts/packages artifacts/smoke
dotnet pack LongContext.sln -c Release -v quiet -nodeReuse:false
version=$(dotnet msbuild src/LongContext/LongContext.csproj -getProperty:PackageVersion -nodeReuse:false)
for package in LongContext LongContext.Distributed LongContext.Extensions.AI; do
    for kind in nupkg snupkg; do
        [[ -f "artifacts/packages/$package.$version.$kind" ]] || { echo "smoke: $package.$version.$kind was not packed" >&2; exit 1; }
    done
done

dotnet build nuget/smoke/Smoke.csproj -c Release -v quiet -nodeReuse:false "-p:LongContextVersion=$version"
dotnet artifacts/smoke/bin/Release/net10.0/Smoke.dll "$model"
