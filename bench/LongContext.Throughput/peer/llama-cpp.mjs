// One measured run of llama.cpp through npm's node-llama-cpp. Usage: node llama-cpp.mjs FOLDER, FOLDER being where node-llama-cpp was installed.
// Standard input: one JSON object, as LongContext.Throughput writes it (RunRequest.cs). Standard output: one JSON line (RunResult.cs).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const folder = path.resolve(process.argv[2] ?? ".");
const request = JSON.parse(readFileSync(0, "utf8"));
const entry = createRequire(path.join(folder, "package.json")).resolve("node-llama-cpp");
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry));

function packageVersion() {
    const file = path.join(folder, "node_modules", "node-llama-cpp", "package.json");
    return JSON.parse(readFileSync(file, "utf8")).version;
}

/** The most memory this process held so far, mapped model pages included: VmHWM, as for the other engine. */
function peakRssBytes() {
    try {
        return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
    } catch {
        return process.resourceUsage().maxRSS * 1024;
    }
}

/** Processor time of all threads so far, in ms: steadier than the clock where other work shares the cores. */
function cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
}

/** Evaluates the tokens, then decodes greedily; the prompt's time ends with the first new token. */
async function generate(sequence, tokens, decode) {
    const start = performance.now();
    const startCpu = cpuMs();
    const stream = sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true });
    let first = 0;
    let firstCpu = 0;
    let count = 0;
    for (; count <= decode; count++) {
        if ((await stream.next()).done) {
            break;
        }

        if (count === 0) {
            first = performance.now();
            firstCpu = cpuMs();
        }
    }

    const end = performance.now();
    const endCpu = cpuMs();
    await stream.return();
    return {
        prefillMs: first - start,
        prefillCpuMs: firstCpu - startCpu,
        decodeMs: end - first,
        decodeCpuMs: endCpu - firstCpu,
        decodedTokens: count - 1,
    };
}

const start = performance.now();
const llama = await getLlama({
    gpu: false, build: "never", skipDownload: true, progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: request.threads,
});
const model = await llama.loadModel({ modelPath: request.model });
const context = await model.createContext({
    contextSize: request.contextLength,
    batchSize: Math.min(request.peerBatch, request.contextLength),
    sequences: 1,
    threads: { ideal: request.threads, min: request.threads },
    flashAttention: true,
    experimentalKvCacheKeyType: request.peerKV,
    experimentalKvCacheValueType: request.peerKV,
    failedCreationRemedy: false,
});
const sequence = context.getSequence();
const loaded = performance.now();
await generate(sequence, request.warmUp, request.warmUpDecode);
await sequence.clearHistory();
const warm = performance.now();
const figures = await generate(sequence, request.tokens, request.decode);

if (figures.decodedTokens !== request.decode) {
    throw new Error(`${request.decode} tokens were to be decoded, but it ended after ${figures.decodedTokens}.`);
}

process.stdout.write(JSON.stringify({
    engine: "llama.cpp",
    version: `${llama.llamaCppRelease.release} (node-llama-cpp ${packageVersion()})`,
    loadMs: loaded - start,
    warmUpMs: warm - loaded,
    ...figures,
    peakRssBytes: peakRssBytes(),
}) + "\n");
process.exit(0); // its worker threads would keep the process a while
