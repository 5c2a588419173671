using LongContext.Tensors;

namespace LongContext.Loading;

/// <summary>The tensors of a model as its files name them, mapped into memory, validated against the files' sizes.</summary>
/// <remarks>Thread-safe for reading. Tensors are dead once the source is disposed.</remarks>
internal interface IWeightSource : IDisposable
{
    /// <summary>Which naming convention the tensors follow.</summary>
    WeightNaming Naming { get; }

    /// <summary>File for messages.</summary>
    string DisplayName { get; }

    /// <summary>All tensors: name, type, shape ([rows, columns], the last dimension contiguous), bytes.</summary>
    IReadOnlyDictionary<string, WeightInfo> Tensors { get; }

    /// <summary>The mapped tensor; nothing is read or copied yet.</summary>
    /// <remarks>
    /// The bytes may start at any address: safetensors does not align them. More than three dimensions are given as three, the leading ones multiplied.
    /// </remarks>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    Tensor Open(string name);

    /// <summary>Tells the system that the tensor's mapped pages are not needed any more (after a copy was made).</summary>
    void Release(string name);
}
