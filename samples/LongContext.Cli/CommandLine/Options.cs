using LongContext.Cli.Output;

namespace LongContext.Cli.CommandLine;

/// <summary>Every option there is. A command names those it takes; all others are refused.</summary>
internal static class Options
{
    internal static readonly Option Json = new("--json", null, "print one JSON object");
    internal static readonly Option JsonLines = new("--jsonl", null, "read one JSON object per line from standard input, answer each with one line");

    internal static readonly Option Text = new("--text", "TEXT", "the text");
    internal static readonly Option File = new("--file", "FILE", "the text, from a UTF-8 file (- is standard input)");
    internal static readonly Option NoSpecial = new("--no-special", null, "add no special tokens (beginning of sequence)");
    internal static readonly Option PlainText = new("--plain-text", null, "special tokens written in the text are plain text");
    internal static readonly Option SkipSpecial = new("--skip-special", null, "special tokens give no text");
    internal static readonly Option Ids = new("--ids", "1,2,3", "token ids");
    internal static readonly Option IdsFile = new("--ids-file", "FILE", "token ids from a file: numbers parted by commas or white space, or a JSON array");
    internal static readonly Option Messages = new("--messages", "FILE", "JSON: an array of messages, or an object with \"messages\" and other template variables");
    internal static readonly Option Now = new("--now", "TIME", "the time a template sees (strftime_now): 2025-03-09T14:05:07; default now");

    internal static readonly Option Prompt = new("--prompt", "TEXT", "the prompt, or its long context");
    internal static readonly Option PromptFile = new("--prompt-file", "FILE", "likewise, from a UTF-8 file (- is standard input)");
    internal static readonly Option Query = new("--query", "TEXT", "what is asked of the context");
    internal static readonly Option QueryIds = new("--query-ids", "1,2,3", "likewise, as token ids");
    internal static readonly Option All = new("--all", null, "every position's logits, not only the last one's");
    internal static readonly Option System = new("--system", "TEXT", "a system message to begin with");

    internal static readonly Option MaxTokens = new("--max-tokens", "N", "most tokens to generate (default 256)");
    internal static readonly Option Temperature = new("--temperature", "T", "0 is greedy (default), 1 the model's own distribution");
    internal static readonly Option TopK = new("--top-k", "K", "keep the K likeliest tokens (default 0: all)");
    internal static readonly Option TopP = new("--top-p", "P", "keep the likeliest tokens that reach probability P (default 1: all)");
    internal static readonly Option MinP = new("--min-p", "P", "drop tokens less likely than P times the likeliest (default 0: none)");
    internal static readonly Option RepetitionPenalty = new("--repetition-penalty", "R", "above 1: tokens seen before become less likely (default 1)");
    internal static readonly Option Seed = new("--seed", "S", "seed of the random numbers (default 0)");
    internal static readonly Option Stop = new("--stop", "TEXT", "end when this text appears");
    internal static readonly Option IgnoreEnd = new("--ignore-eos", null, "go on after an end-of-sequence token");

    internal static readonly Option LinkRoot = new("--link-root", "DIR", "links among the model's files may lead into this folder (a download cache)");
    internal static readonly Option Threads = new("--threads", "N", "compute threads (default 0: all cores)");
    internal static readonly Option Context = new("--context", "N", "context length in tokens");
    internal static readonly Option Chunk = new("--chunk", "N", "prompt tokens computed in one step (default 512; over ranks the whole prompt, at most 16384 for each)");
    internal static readonly Option Attention = new(
        "--attention", "METHOD", $"{string.Join(", ", Enum.GetValues<AttentionMethod>().Select(m => JsonNames.Of(m)))} (default full): who attends to what");
    internal static readonly Option Hosts = new("--hosts", "N", "ranks that share the work (default 1); star, apb without --communicator: blocks read on one machine (default 8)");
    internal static readonly Option Communicator = new(
        "--communicator", "C", "ranks are threads: inprocess (default); or processes, each with this command line: mpi (under mpirun) or tcp (LONGCONTEXT_RANK, ...)");
    internal static readonly Option Trace = new("--trace", "FILE", "write what every rank computes and moves, in Chrome's trace format");
    internal static readonly Option Blocks = new("--blocks", "N", "star, apb: blocks that a context is cut into, over ranks a multiple of them (default 8, over ranks two for each)");
    internal static readonly Option Anchor = new("--anchor", "N", "apb: context tokens that every block sees before its own (default by length)");
    internal static readonly Option AnchorLayout = new(
        "--anchor-layout", "L", "apb: the anchor is query-first (default), released (16 tokens, the query, the rest) or context-only (no query)");
    internal static readonly Option AnchorKV = new("--anchor-kv", "A", "apb: the anchor's keys are dropped (default) or kept for query and answer");
    internal static readonly Option QueryMask = new("--query-mask", "M", "star, apb: the query sees all of the context (exact, default), or misses keys like the released code");
    internal static readonly Option Passing = new("--passing", "N", "apb: keys that each block passes on to later ones (default by length)");
    internal static readonly Option Compressor = new("--compressor", "C", "apb: which keys: heads:FILE, distinct (default), query, recent, random or none");
    internal static readonly Option MinimumLength = new("--min-length", "N", "star, apb: read shorter contexts with full attention (default: where it is no slower)");
    internal static readonly Option KV = new("--kv", "TYPE", "type of cached keys and values: f32, bf16 (default) or q8_0");
    internal static readonly Option Precision = new("--precision", "P", "float32: products and sums in F32 or better; auto (default)");

    internal static readonly Option PromptTokens = new("--prompt-tokens", "512,4096", "prompt lengths to measure, in tokens");
    internal static readonly Option Concurrent = new("--concurrent", "N", "requests at once (default 1); with more, the tokens of all a second are told too");
    internal static readonly Option Decode = new("--decode", "N", "tokens to decode after each prompt (default 16)");

    internal static readonly Option TrainingText = new("--text", "F,F", "files: .jsonl lines of context and queries, or text that is cut into samples");
    internal static readonly Option Out = new("--out", "FILE", "the file to write");
    internal static readonly Option Steps = new("--steps", "N", "steps, one sample each (default 3000)");
    internal static readonly Option Width = new("--width", "N", "rows of a head's first matrix (default 1024)");
    internal static readonly Option LearningRate = new("--lr", "R", "the highest learning rate (default 0.0005)");
    internal static readonly Option WarmUp = new("--warm-up", "N", "steps until the highest rate (default a tenth)");
    internal static readonly Option Clipping = new("--clip", "HOW", "gradients are clipped by norm (default) or value");
    internal static readonly Option SampleTokens = new("--sample-tokens", "N", "tokens of a text's sample that are scored (default 4096)");
    internal static readonly Option ContinuationTokens = new("--continuation", "N", "tokens after them that attend to them (default 256)");
    internal static readonly Option TrainingSeed = new("--seed", "S", "seed of first weights and order (default 0)");
    internal static readonly Option Tokens = new("--tokens", "N", "prompt tokens to plan for");
    internal static readonly Option PlannedHosts = new("--hosts", "N", "hosts that share the prompt (default 1)");
    internal static readonly Option Link = new("--link", "LINK", "the link between hosts: local (default: ranks share this machine), eth10, ib400, ..., or 15us,11.5GB/s");
    internal static readonly Option Profile = new("--profile", "HOST", "how fast a host is: this (default: measured here, the model is loaded), h100, cpu64, ...");
    internal static readonly Option VirtualHosts = new("--virtual-hosts", "N", "blocks of star and apb on a single host (default 8)");

    /// <summary>What <c>logits</c>, <c>run</c>, <c>bench</c> and <c>chat</c> have in common.</summary>
    internal static readonly Option[] Engine =
        [LinkRoot, Threads, Context, Chunk, Attention, Hosts, Communicator, Trace, Blocks, Anchor, AnchorLayout, AnchorKV, QueryMask, Passing, Compressor, MinimumLength, KV, Precision];

    /// <summary>What <c>run</c> and <c>chat</c> have in common.</summary>
    internal static readonly Option[] Generation = [MaxTokens, Temperature, TopK, TopP, MinP, RepetitionPenalty, Seed, Stop, IgnoreEnd];
}
