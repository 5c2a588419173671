using LongContext.Attention;
using LongContext.Backends;
using LongContext.Loading;
using LongContext.Models.Rotary;
using LongContext.Tensors;

namespace LongContext.Models;

/// <summary>The forward pass of a decoder-only transformer, the same for every architecture and backend.</summary>
/// <remarks>Not thread-safe: one engine thread calls. A step allocates nothing.</remarks>
internal sealed class CausalLM : IDisposable
{
    private readonly IBackend _backend;
    private readonly IAttentionMethod _method;
    private readonly ModelWeights _weights;
    private readonly bool _ownsWeights;
    private readonly DecoderLayer[] _layers;
    private readonly Activations _a;
    private readonly RotaryTable _rotary;
    private readonly RotaryTable? _localRotary;
    private readonly AttentionPlan _plan;
    private readonly int _maxTokens;
    private readonly int _maxOutputs;
    private readonly int[] _allLayers;

    private CausalLM(
        ModelInfo info, ModelConfig config, ModelWeights weights, bool ownsWeights, IBackend backend, IAttentionMethod method,
        int contextLength, int maxTokens, int maxOutputs)
    {
        (Info, Config, _weights, _ownsWeights, _backend, _method) = (info, config, weights, ownsWeights, backend, method);
        (_maxTokens, _maxOutputs) = (maxTokens, maxOutputs);
        _allLayers = [.. Enumerable.Range(0, config.Layers)];
        _layers = [.. weights.Layers.Select(w => new DecoderLayer(config, w, backend, method))];
        _a = new Activations(backend, config, maxTokens, maxOutputs);
        _rotary = new RotaryTable(backend, config.Rotary, contextLength, maxTokens);
        _localRotary = config.LocalRotary is { } local ? new RotaryTable(backend, local, contextLength, maxTokens) : null;
        _plan = backend.CreatePlan();
    }

    /// <summary>What the model is, in full.</summary>
    internal ModelConfig Config { get; }

    /// <summary>What the model is, as users see it.</summary>
    internal ModelInfo Info { get; }

    /// <summary>Bytes of weights in the file.</summary>
    internal long WeightBytes => Info.WeightBytes;

    /// <summary>Number of weights.</summary>
    internal long ParameterCount => Info.ParameterCount;

    /// <summary>Called before each layer; may throw to leave the step, which must then be run again from its first layer.</summary>
    internal Action<int>? BeforeLayer { get; set; }

    /// <summary>Told of the residual stream after each layer: layer, [tokens, hidden]. For tests and diagnosis.</summary>
    internal Action<int, Tensor>? LayerObserver { get; set; }

    /// <summary>Whether <see cref="Forward"/> computes rows of the last layer that nobody reads; so it does where there is a <see cref="LayerObserver"/>.</summary>
    internal bool AllRowsOfTheLastLayer { get; set; }

    /// <summary>Maps and checks the configuration, from headers alone.</summary>
    internal static ModelConfig ReadConfig(ModelFiles files) => ArchitectureRegistry.Read(files).Config;

    /// <summary>What the model is, from headers alone: its configuration, and its tensors checked against the table.</summary>
    /// <remarks>Without weight files the number of weights is the table's, and their bytes are 0.</remarks>
    internal static ModelInfo ReadInfo(ModelFiles files)
    {
        (Architecture architecture, ModelConfig config) = ArchitectureRegistry.Read(files);
        IEnumerable<WeightEntry> table = files.Weights is { } source
            ? WeightTable.Check(architecture, config, source)
            : WeightTable.For(architecture, config, WeightNaming.HuggingFace);
        return ModelDescription.Of(config, table, files.Weights);
    }

    /// <summary>Checks every tensor against the architecture's table, then imports them into the backend.</summary>
    /// <param name="files">The opened model; stays owned by the caller and must outlive the model.</param>
    /// <param name="backend">Where to compute; owned by the caller.</param>
    /// <param name="method">Who attends to what.</param>
    /// <param name="contextLength">The session's context, which chooses between short and long rotary factors.</param>
    /// <param name="maxTokens">Most tokens of one step; activations are allocated for as many.</param>
    /// <param name="maxOutputs">Most rows of one step whose logits are wanted.</param>
    /// <param name="progress">Told of loaded bytes.</param>
    /// <param name="cancellationToken">Stops the loading.</param>
    internal static CausalLM Load(
        ModelFiles files, IBackend backend, IAttentionMethod method, int contextLength, int maxTokens, int maxOutputs,
        IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxOutputs, 1);
        (Architecture architecture, ModelConfig config) = ArchitectureRegistry.Read(files);
        IWeightSource source = files.Weights ?? throw new ModelFormatException(files.Path, "", "the model has no weights.");
        IReadOnlyList<WeightEntry> table = WeightTable.Check(architecture, config, source);
        ModelWeights weights = ModelWeights.Load(config, table, source, backend, progress, cancellationToken);
        try
        {
            ModelInfo info = ModelDescription.Of(config, table, source);
            return new CausalLM(info, config, weights, ownsWeights: true, backend, method, contextLength, maxTokens, maxOutputs);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>The same model for another rank of this process, over the same weights in memory; dispose it before this one.</summary>
    /// <param name="backend">The other rank's; it must compute with weights where this model's backend left them, in host memory.</param>
    /// <param name="method">The other rank's.</param>
    /// <param name="contextLength">As for <see cref="Load"/>, as the next two.</param>
    /// <param name="maxTokens">Most tokens of one step.</param>
    /// <param name="maxOutputs">Most rows of one step whose logits are wanted.</param>
    internal CausalLM Share(IBackend backend, IAttentionMethod method, int contextLength, int maxTokens, int maxOutputs) =>
        new(Info, Config, _weights, ownsWeights: false, backend, method, contextLength, maxTokens, maxOutputs);

    /// <summary>Bytes of one step's activations.</summary>
    internal static long ActivationByteCount(ModelConfig config, int maxTokens, int maxOutputs) =>
        Activations.ByteCount(config, maxTokens, maxOutputs);

    /// <summary>Runs one step: appends its keys and values to the cache and computes the wanted rows' logits.</summary>
    /// <param name="input">At most maxTokens rows; the attention method adds its items to the batch here.</param>
    /// <param name="cache">The KV pages.</param>
    /// <param name="logits">[outputs, vocabulary], row-major.</param>
    internal void Forward(in StepInput input, KVCacheStorage cache, Span<float> logits)
    {
        CheckLogits(input.OutputRows.Length, logits.Length);
        CheckInput(input, fewestTokens: 1);
        ComputeLayers(input, cache, _allLayers, OnlyOutputs(input));
        if (input.OutputRows.Length > 0)
        {
            Project(input.OutputRows.Length, logits);
        }
    }

    /// <summary>Runs one step up to the wanted rows' last hidden states; <see cref="ComputeLogits"/> makes logits of them, on any rank.</summary>
    /// <param name="input">As for <see cref="Forward"/>; a rank without rows still takes part in every layer's attention.</param>
    /// <param name="cache">The KV pages.</param>
    /// <param name="hidden">[outputs, hidden], row-major: before the last norm.</param>
    internal void ForwardHidden(in StepInput input, KVCacheStorage cache, Span<float> hidden)
    {
        CheckInput(input, fewestTokens: 0);
        ComputeLayers(input, cache, _allLayers, OnlyOutputs(input));
        if (input.OutputRows.Length > 0)
        {
            _backend.Download(_a.OutputHidden, hidden[..(input.OutputRows.Length * Config.HiddenSize)]);
        }
    }

    /// <summary>Logits of hidden states from <see cref="ForwardHidden"/>.</summary>
    /// <param name="hidden">[outputs, hidden], row-major; at most maxOutputs rows.</param>
    /// <param name="logits">[outputs, vocabulary], row-major.</param>
    internal void ComputeLogits(ReadOnlySpan<float> hidden, Span<float> logits)
    {
        int outputs = hidden.Length / Config.HiddenSize;
        CheckLogits(outputs, logits.Length);
        _a.ResizeOutputs(outputs);
        _backend.Upload(hidden, _a.OutputHidden);
        Project(outputs, logits);
    }

    /// <summary>Runs rows that nobody asked for through the first layer of each kind, so that the first step finds its code compiled.</summary>
    /// <remarks>Overwrites the cache's first page and touches no other. Goes on with more rows only until <paramref name="limit"/> has passed.</remarks>
    internal void WarmUp(KVCacheStorage cache, TimeProvider clock, TimeSpan limit)
    {
        long started = clock.GetTimestamp();
        int[] kinds = [.. _allLayers.DistinctBy(l => (Config.IsLocal(l), _weights.Layers[l].Types))];
        foreach (WarmUpStep step in WarmUpStep.All)
        {
            if (step.Rows > _maxTokens || clock.GetElapsedTime(started) > limit)
            {
                break;
            }

            ComputeLayers(step.Input(cache.Shape.PageSize), cache, kinds, onlyOutputs: false);
            NormOutputs();
            int columns = Math.Min(Config.VocabularySize, WarmUpStep.Columns);
            Tensor logits = _a.Logits.Reshape(new TensorShape(Config.VocabularySize, 1)).Slice(0, columns).Reshape(new TensorShape(1, columns));
            _backend.Linear(_a.OutputHidden, _weights.Output.Slice(0, columns), default, logits);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        _localRotary?.Dispose();
        _rotary.Dispose();
        _a.Dispose();
        if (_ownsWeights)
        {
            _weights.Dispose();
        }
    }

    private bool OnlyOutputs(in StepInput input) =>
        input.OutputRows.Length < input.TokenIds.Length && LayerObserver is null && !AllRowsOfTheLastLayer;

    /// <summary>Some layers; then <see cref="Activations.OutputHidden"/> has the wanted rows.</summary>
    /// <param name="input">The step.</param>
    /// <param name="cache">The KV pages.</param>
    /// <param name="layers">Which.</param>
    /// <param name="onlyOutputs">The last one computes no other rows.</param>
    private void ComputeLayers(in StepInput input, KVCacheStorage cache, ReadOnlySpan<int> layers, bool onlyOutputs)
    {
        (int tokens, int outputs) = (input.TokenIds.Length, input.OutputRows.Length);
        _a.Resize(tokens, outputs);
        _method.AddItems(input.Batch);
        _backend.Plan(_plan, input.Batch);
        _rotary.Update(input.Positions);
        _localRotary?.Update(input.Positions);
        if (tokens > 0)
        {
            _backend.Upload(input.TokenIds, _a.TokenIds);
            _backend.Embedding(_weights.TokenEmbedding, _a.TokenIds, Config.EmbeddingScale, _a.Hidden);
        }

        if (outputs > 0)
        {
            _backend.Upload(input.OutputRows, _a.OutputRows);
        }

        for (int i = 0; i < layers.Length; i++)
        {
            int l = layers[i];
            BeforeLayer?.Invoke(l);
            RotaryTable rotary = Config.IsLocal(l) ? _localRotary! : _rotary;
            AttentionContext context = new(_backend, cache, _plan, l, Config.AttentionOf(l), rotary.Cos, rotary.Sin, Config.RotaryLayout);
            if (onlyOutputs && i == layers.Length - 1)
            {
                _layers[l].ForwardOutputs(_a, context);
                return;
            }

            _layers[l].Forward(_a, context);
            LayerObserver?.Invoke(l, _a.Hidden);
        }

        if (outputs > 0)
        {
            _backend.GatherRows(_a.Hidden, _a.OutputRows, _a.OutputHidden);
        }
    }

    private void NormOutputs() => _backend.RmsNorm(_a.OutputHidden, _weights.OutputNorm, Config.RmsNormEpsilon, _a.OutputHidden);

    /// <summary>Output norm and matrix over the gathered rows.</summary>
    private void Project(int outputs, Span<float> logits)
    {
        NormOutputs();
        _backend.Linear(_a.OutputHidden, _weights.Output, default, _a.Logits);
        if (Config.LogitSoftCap > 0)
        {
            _backend.SoftCap(_a.Logits, Config.LogitSoftCap);
        }

        _backend.Download(_a.Logits, logits[..(outputs * Config.VocabularySize)]);
    }

    private void CheckLogits(int outputs, int logits)
    {
        if (outputs > _maxOutputs)
        {
            throw new ArgumentException($"{outputs} outputs; the model computes up to {_maxOutputs} at once.", nameof(outputs));
        }

        if (logits < (long)outputs * Config.VocabularySize)
        {
            throw new ArgumentException($"{outputs} rows of {Config.VocabularySize} logits do not fit {logits} floats.", nameof(logits));
        }
    }

    private void CheckInput(in StepInput input, int fewestTokens)
    {
        int tokens = input.TokenIds.Length;
        int outputs = input.OutputRows.Length;
        bool agree = input.Positions.Length == tokens && input.Batch.TokenCount == tokens;
        if (tokens < fewestTokens || tokens > _maxTokens || outputs > _maxOutputs || !agree)
        {
            throw new ArgumentException(
                $"A step of {tokens} tokens, {input.Positions.Length} positions, {input.Batch.TokenCount} slots and {outputs} outputs; " +
                $"the model takes {fewestTokens} to {_maxTokens} tokens and up to {_maxOutputs} outputs.", nameof(input));
        }

        foreach (int id in input.TokenIds)
        {
            if ((uint)id >= (uint)Config.VocabularySize)
            {
                throw new ArgumentException($"Token id {id} is not in the vocabulary of {Config.VocabularySize}.", nameof(input));
            }
        }

        foreach (int row in input.OutputRows)
        {
            if ((uint)row >= (uint)tokens)
            {
                throw new ArgumentException($"Output row {row} is not one of the step's {tokens} tokens.", nameof(input));
            }
        }
    }
}
