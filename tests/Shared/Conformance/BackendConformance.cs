using LongContext.Backends;
using LongContext.Tensors;
using NUnit.Framework;

namespace LongContext.Tests.Shared.Conformance;

/// <summary>What every <see cref="IBackend"/> must do. Derive one fixture an implementation.</summary>
/// <remarks>Operands reach the backend through its own allocation, upload and download only: it may live on a device.</remarks>
internal abstract partial class BackendConformance
{
    private readonly List<TensorStorage> _storages = [];

    /// <summary>The backend under test, one a fixture.</summary>
    protected IBackend Backend { get; private set; } = null!;

    /// <summary>Makes the backend under test.</summary>
    protected abstract IBackend Create();

    /// <summary>What the backend makes of an operand of <see cref="IBackend.Linear"/> before it multiplies: the number itself, or a rounded one.</summary>
    protected virtual double LinearOperand(double value, DType weight) => value;

    /// <summary>What Linear multiplies for rows of x: each value alone as a rule; whole blocks of 32 where the backend quantises them.</summary>
    protected virtual double[] LinearInputs(float[] x, DType weight) => [.. x.Select(value => LinearOperand(value, weight))];

    /// <summary>Whether <see cref="IBackend.Attention"/> rounds queries and weights to bfloat16 over a cache of this type and head size.</summary>
    protected virtual bool RoundsAttention(DType cache, int headDim) => false;

    /// <summary>Whether <see cref="IBackend.Attention"/> makes bytes of queries and weights over a cache of bytes with pages of this size.</summary>
    protected virtual bool HasAttentionInBytes(int pageSize) => false;

    /// <summary>Whether the backend has caches of bytes.</summary>
    protected virtual bool HasByteCache => true;

    [OneTimeSetUp]
    public void CreateBackend() => Backend = Create();

    [OneTimeTearDown]
    public void DisposeBackend() => Backend.Dispose();

    [TearDown]
    public void DisposeTensors()
    {
        _storages.ForEach(s => s.Dispose());
        _storages.Clear();
    }

    [Test]
    public void Allocate_NewTensor_IsZeroed()
    {
        Assert.That(Download(Empty(new TensorShape(3, 5))), Is.All.Zero);
    }

    [Test]
    public void Upload_ThenDownload_GivesTheSameNumbers()
    {
        float[] values = TestData.Normal(77, seed: 1);
        Assert.That(Download(Upload(values, new TensorShape(7, 11))), Is.EqualTo(values));
    }

    [Test]
    public void Upload_AnotherSize_IsRefused()
    {
        Tensor tensor = Empty(new TensorShape(3));
        Assert.That(() => Backend.Upload<float>([1, 2], tensor), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => Backend.Download(tensor, new float[4]), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void Info_SaysWhatItIs()
    {
        Assert.That(Backend.Info.Name, Is.Not.Empty);
        Assert.That(Backend.Info.Parallelism, Is.GreaterThan(0));
    }

    /// <summary>A tensor of the backend, freed after the test.</summary>
    protected Tensor Empty(TensorShape shape, DType type = DType.F32)
    {
        Tensor tensor = Backend.Allocate(type, shape);
        _storages.Add(tensor.Storage);
        return tensor;
    }

    /// <summary>Floats in a tensor of the backend.</summary>
    protected Tensor Upload(float[] values, TensorShape shape)
    {
        Tensor tensor = Empty(shape);
        Backend.Upload<float>(values, tensor);
        return tensor;
    }

    /// <summary>Integers in a tensor of the backend.</summary>
    protected Tensor Upload(int[] values)
    {
        Tensor tensor = Empty(new TensorShape(values.Length), DType.I32);
        Backend.Upload<int>(values, tensor);
        return tensor;
    }

    /// <summary>A weight of the backend from one in host memory.</summary>
    protected Tensor Import(in Tensor host)
    {
        _storages.Add(host.Storage);
        Tensor weight = Backend.ImportWeight(host);
        if (weight.Storage != host.Storage)
        {
            _storages.Add(weight.Storage);
        }

        return weight;
    }

    /// <summary>A tensor's floats.</summary>
    protected float[] Download(in Tensor tensor)
    {
        float[] values = new float[tensor.Shape.ElementCount];
        Backend.Download(tensor, values);
        return values;
    }

    /// <summary>Every value within <paramref name="absolute"/> + <paramref name="relative"/> · |expected|.</summary>
    protected static void AssertClose(float[] actual, double[] expected, double absolute, double relative = 0)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        for (int i = 0; i < actual.Length; i++)
        {
            double error = Math.Abs(actual[i] - expected[i]);
            if (actual[i] != expected[i] && !(error <= absolute + (relative * Math.Abs(expected[i]))))
            {
                Assert.Fail($"Element {i} is {actual[i]:R}, expected {expected[i]:R}: off by {error:E2}.");
            }
        }
    }
}
