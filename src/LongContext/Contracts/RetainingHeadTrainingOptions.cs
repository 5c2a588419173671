namespace LongContext;

/// <summary>How retaining heads are trained. The defaults are the APB paper's.</summary>
public sealed record RetainingHeadTrainingOptions
{
    /// <summary>Rows of a head's first matrix; default 1,024. 1 to 65,536.</summary>
    public int Width { get; init; } = 1_024;

    /// <summary>Steps, one sample each; the samples are gone through in a shuffled order, again and again. Default 3,000, at least 1.</summary>
    public int Steps { get; init; } = 3_000;

    /// <summary>The highest learning rate; default 5e-4. Above 0.</summary>
    public float LearningRate { get; init; } = 5e-4f;

    /// <summary>Steps over which the rate grows linearly to its highest; then it falls linearly to 0 at the end. Default 300; at most all steps.</summary>
    public int WarmUpSteps { get; init; } = 300;

    /// <summary>The gradient is clipped at it; default 0.5. Above 0.</summary>
    public float GradientClip { get; init; } = 0.5f;

    /// <summary>What is clipped; default the norm over all heads. The released code clips each element.</summary>
    public GradientClipping Clipping { get; init; } = GradientClipping.Norm;

    /// <summary>Weight of the mean squared difference between neighbouring tokens' scores; default 0.0025. At least 0.</summary>
    public float SmoothnessWeight { get; init; } = 0.0025f;

    /// <summary>AdamW's decay of the weights; default 0.01. At least 0.</summary>
    public float WeightDecay { get; init; } = 0.01f;

    /// <summary>Tokens of a prompt; longer ones lose their beginning. Default 10,240, at least 2.</summary>
    public int MaxPromptTokens { get; init; } = 10_240;

    /// <summary>Steps after which the state is written, so that the training can be taken up again; default 50, at least 1.</summary>
    public int SaveEvery { get; init; } = 50;

    /// <summary>Seed of the first weights and of the order of samples; default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Compute threads; default 0, every core.</summary>
    public int Threads { get; init; }
}
