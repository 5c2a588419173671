using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Training;

/// <summary>One layer's retaining head in training: s = W₂ · act(W₁ · x), its gradient and its optimiser.</summary>
/// <remarks>The large products run on the backend, forwards and backwards; the rest is written out.</remarks>
internal sealed class HeadNetwork : IDisposable
{
    private readonly IBackend _backend;
    private readonly Activation _activation;
    private readonly Tensor _first;

    /// <summary>Random first weights, uniform within ±1/√inputs of each matrix.</summary>
    internal HeadNetwork(IBackend backend, Activation activation, int inputs, int width, int outputs, Random random)
    {
        (_backend, _activation) = (backend, activation);
        (Inputs, Width, Outputs) = (inputs, width, outputs);
        (First, Second) = (Uniform(checked(width * inputs), inputs, random), Uniform(checked(outputs * width), width, random));
        (FirstGradient, SecondGradient) = (new float[First.Length], new float[Second.Length]);
        (FirstOptimizer, SecondOptimizer) = (new AdamW(First.Length), new AdamW(Second.Length));
        _first = backend.Allocate(DType.F32, new TensorShape(width, inputs));
    }

    /// <summary>Features of a row.</summary>
    internal int Inputs { get; }

    /// <summary>Hidden features.</summary>
    internal int Width { get; }

    /// <summary>Scores of a row: KV heads.</summary>
    internal int Outputs { get; }

    /// <summary>W₁, [width, inputs].</summary>
    internal float[] First { get; }

    /// <summary>W₂, [outputs, width].</summary>
    internal float[] Second { get; }

    /// <summary>Gradient of W₁, summed since <see cref="Begin"/>.</summary>
    internal float[] FirstGradient { get; }

    /// <summary>Gradient of W₂, likewise.</summary>
    internal float[] SecondGradient { get; }

    /// <summary>Optimiser of W₁.</summary>
    internal AdamW FirstOptimizer { get; }

    /// <summary>Optimiser of W₂.</summary>
    internal AdamW SecondOptimizer { get; }

    /// <summary>Begins a step: no gradient yet, the weights as they are now.</summary>
    internal void Begin()
    {
        Array.Clear(FirstGradient);
        Array.Clear(SecondGradient);
        _backend.Upload<float>(First, _first);
    }

    /// <summary>Adds the gradient of some rows.</summary>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="rows">How many.</param>
    /// <param name="labels">[rows, outputs].</param>
    /// <param name="perElement">See <see cref="HeadLoss"/>.</param>
    /// <param name="perPair">Likewise.</param>
    /// <param name="scores">[rows, outputs], written.</param>
    /// <returns>The rows' loss.</returns>
    internal double Accumulate(ReadOnlySpan<float> x, int rows, ReadOnlySpan<float> labels, double perElement, double perPair, Span<float> scores)
    {
        scores = scores[..(rows * Outputs)];
        float[] z = Product(x, new TensorShape(rows, Inputs), _first, new TensorShape(rows, Width));
        float[] active = new float[z.Length];
        float[] slope = new float[z.Length];
        HeadActivation.Run(_activation, z, active, slope);
        Score(active, rows, scores);
        float[] scoreGradient = new float[rows * Outputs];
        double loss = HeadLoss.Run(scores, labels, Outputs, perElement, perPair, scoreGradient);
        Backward(x, rows, active, slope, scoreGradient);
        return loss;
    }

    /// <inheritdoc/>
    public void Dispose() => _first.Storage.Dispose();

    private static float[] Uniform(int count, int fanIn, Random random)
    {
        double bound = 1 / Math.Sqrt(fanIn);
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan())
        {
            value = (float)(((2 * random.NextDouble()) - 1) * bound);
        }

        return values;
    }

    private static float[] Transposed(ReadOnlySpan<float> matrix, int rows, int columns)
    {
        float[] transposed = new float[matrix.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                transposed[(column * rows) + row] = matrix[(row * columns) + column];
            }
        }

        return transposed;
    }

    private void Score(ReadOnlySpan<float> active, int rows, Span<float> scores)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < Outputs; o++)
            {
                scores[(row * Outputs) + o] = System.Numerics.Tensors.TensorPrimitives.Dot(
                    active.Slice(row * Width, Width), Second.AsSpan(o * Width, Width));
            }
        }
    }

    /// <summary>dW₂ += dSᵀ·A; dZ = (dS·W₂) ∘ act′; dW₁ += dZᵀ·X.</summary>
    private void Backward(ReadOnlySpan<float> x, int rows, float[] active, float[] slope, float[] scoreGradient)
    {
        Span<float> hidden = new float[Width];
        for (int row = 0; row < rows; row++)
        {
            hidden.Clear();
            ReadOnlySpan<float> a = active.AsSpan(row * Width, Width);
            for (int o = 0; o < Outputs; o++)
            {
                float g = scoreGradient[(row * Outputs) + o];
                Span<float> gradient = SecondGradient.AsSpan(o * Width, Width);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(a, g, gradient, gradient);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(Second.AsSpan(o * Width, Width), g, hidden, hidden);
            }

            Span<float> own = slope.AsSpan(row * Width, Width);
            System.Numerics.Tensors.TensorPrimitives.Multiply(own, hidden, own);
        }

        Tensor columns = Upload(Transposed(x, rows, Inputs), new TensorShape(Inputs, rows));
        float[] product = Product(Transposed(slope, rows, Width), new TensorShape(Width, rows), columns, new TensorShape(Width, Inputs));
        columns.Storage.Dispose();
        System.Numerics.Tensors.TensorPrimitives.Add(FirstGradient, product, FirstGradient);
    }

    private Tensor Upload(ReadOnlySpan<float> values, TensorShape shape)
    {
        Tensor tensor = _backend.Allocate(DType.F32, shape);
        _backend.Upload(values, tensor);
        return tensor;
    }

    /// <summary>input · weightᵀ.</summary>
    private float[] Product(ReadOnlySpan<float> input, TensorShape inputShape, in Tensor weight, TensorShape outputShape)
    {
        Tensor a = Upload(input, inputShape);
        Tensor output = _backend.Allocate(DType.F32, outputShape);
        _backend.Linear(a, weight, default, output);
        float[] result = new float[outputShape.ElementCount];
        _backend.Download(output, result);
        a.Storage.Dispose();
        output.Storage.Dispose();
        return result;
    }
}
