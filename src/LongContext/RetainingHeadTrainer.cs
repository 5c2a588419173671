using LongContext.Loading;
using LongContext.Tokenization;
using LongContext.Training;

namespace LongContext;

/// <summary>Trains retaining heads for a model, so that <see cref="AttentionMethod.Apb"/> knows which keys later blocks will need. The model is not changed.</summary>
/// <remarks>On the CPU. Not thread-safe.</remarks>
public sealed class RetainingHeadTrainer : IDisposable
{
    private readonly ModelFiles _files;
    private readonly RetainingHeadTrainingOptions _options;
    private readonly HeadTraining _training;
    private readonly TimeProvider _clock;

    private RetainingHeadTrainer(ModelFiles files, RetainingHeadTrainingOptions options, HeadTraining training, ITokenizer tokenizer, TimeProvider clock) =>
        (_files, _options, _training, Tokenizer, _clock) = (files, options, training, tokenizer, clock);

    /// <summary>The model's tokenizer, to make samples with.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>Opens a model.</summary>
    /// <param name="modelPath">A Hugging Face folder, or a GGUF file.</param>
    /// <param name="options">How to train; <see langword="null"/> means the paper's values.</param>
    /// <param name="progress">Told of loaded bytes.</param>
    /// <param name="clock">For the timings; default the system's.</param>
    /// <param name="cancellationToken">Stops the loading.</param>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="ModelFormatException">A file is malformed.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a kind not implemented.</exception>
    public static RetainingHeadTrainer Open(
        string modelPath, RetainingHeadTrainingOptions? options = null, IProgress<LoadProgress>? progress = null, TimeProvider? clock = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new RetainingHeadTrainingOptions();
        ThrowIfOutOfRange(options);
        ModelFiles files = ModelDirectory.Open(modelPath);
        try
        {
            TimeProvider time = clock ?? TimeProvider.System;
            ITokenizer tokenizer = ModelTokenizer.Open(files, null, time).Tokenizer;
            return new RetainingHeadTrainer(files, options, new HeadTraining(files, options, progress, cancellationToken), tokenizer, time);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Trains, and writes the heads when done.</summary>
    /// <param name="samples">What to learn from; at least one. The same samples in the same order are needed to take a training up again.</param>
    /// <param name="output">
    /// A safetensors file in the layout of Locret's published heads, bfloat16. Beside it, with <c>.state</c> appended, the training's state is kept
    /// until the end; where there is one, the training goes on from it.
    /// </param>
    /// <param name="progress">Told after every step, on the calling thread.</param>
    /// <param name="cancellationToken">Ends the training after the step that runs; its state is written.</param>
    /// <exception cref="InvalidRequestException">There are no samples, or one is empty.</exception>
    /// <exception cref="ContextLengthExceededException">A sample is longer than the model's context.</exception>
    /// <exception cref="ModelFormatException">The state is damaged, or another training's.</exception>
    public void Train(
        IReadOnlyList<RetainingHeadSample> samples, string output, IProgress<RetainingHeadTrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentException.ThrowIfNullOrEmpty(output);
        if (samples.Count == 0 || samples.Any(s => s.Prompt.Count == 0 || s.Continuations.Count == 0 || s.Continuations.Any(c => c.Count == 0)))
        {
            throw new InvalidRequestException("A sample, its prompt or a continuation", "missing or empty", "at least one, of at least one token");
        }

        string state = TrainingState.PathOf(output);
        string description = $"{_training.Description}, {samples.Count} samples";
        int first = File.Exists(state) ? TrainingState.Read(state, description, _training.Heads) : 0;
        long started = _clock.GetTimestamp();
        for (int step = first; step < _options.Steps; step++)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                TrainingState.Write(state, description, step, _training.Heads);
                cancellationToken.ThrowIfCancellationRequested();
            }

            (double loss, double recall) = _training.Step(step, samples[SampleOf(step, samples.Count)]);
            progress?.Report(new RetainingHeadTrainingProgress(step + 1, _options.Steps, loss, recall, _clock.GetElapsedTime(started)));
            if ((step + 1) % _options.SaveEvery == 0)
            {
                TrainingState.Write(state, description, step + 1, _training.Heads);
            }
        }

        RetainingHeadFile.Write(output, _training.Heads);
        File.Delete(state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _training.Dispose();
        _files.Dispose();
    }

    /// <summary>The sample of a step: every pass over the samples in another order.</summary>
    private int SampleOf(int step, int count)
    {
        (int pass, int index) = Math.DivRem(step, count);
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(HashCodeOf(_options.Seed, pass)).Shuffle(order);
        return order[index];
    }

    private static int HashCodeOf(int seed, int pass) => unchecked((seed * 1_000_003) + pass);

    private static void ThrowIfOutOfRange(RetainingHeadTrainingOptions o)
    {
        List<string> problems = [];
        Require(o.Width is >= 1 and <= 65_536, nameof(o.Width), o.Width, "1 to 65536");
        Require(o.Steps >= 1, nameof(o.Steps), o.Steps, "at least 1");
        Require(o.LearningRate > 0 && float.IsFinite(o.LearningRate), nameof(o.LearningRate), o.LearningRate, "above 0 and finite");
        Require(o.WarmUpSteps >= 0 && o.WarmUpSteps <= o.Steps, nameof(o.WarmUpSteps), o.WarmUpSteps, "0 to the number of steps");
        Require(o.GradientClip > 0, nameof(o.GradientClip), o.GradientClip, "above 0");
        Require(Enum.IsDefined(o.Clipping), nameof(o.Clipping), o.Clipping, "a value of GradientClipping");
        Require(o.SmoothnessWeight >= 0 && float.IsFinite(o.SmoothnessWeight), nameof(o.SmoothnessWeight), o.SmoothnessWeight, "at least 0");
        Require(o.WeightDecay >= 0 && float.IsFinite(o.WeightDecay), nameof(o.WeightDecay), o.WeightDecay, "at least 0");
        Require(o.MaxPromptTokens >= 2, nameof(o.MaxPromptTokens), o.MaxPromptTokens, "at least 2");
        Require(o.SaveEvery >= 1, nameof(o.SaveEvery), o.SaveEvery, "at least 1");
        Require(o.Threads >= 0, nameof(o.Threads), o.Threads, "at least 0");
        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }

        void Require(bool condition, string option, object value, string allowed)
        {
            if (!condition)
            {
                problems.Add($"{option} is {value}: it must be {allowed}.");
            }
        }
    }
}
