using System.Runtime.InteropServices;
using LongContext.Backends;

namespace LongContext.Attention;

/// <summary>The rows that this rank computes in one pass of a step: what an attention method makes of the step's chunks. Reused, grows, never shrinks.</summary>
internal sealed class StepRows(int pageSize)
{
    private readonly List<int> _tokenIds = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _outputRows = [];
    private readonly List<int> _outputs = [];

    /// <summary>[rows]: token ids.</summary>
    internal ReadOnlySpan<int> TokenIds => CollectionsMarshal.AsSpan(_tokenIds);

    /// <summary>[rows]: positions, for the rotary embedding.</summary>
    internal ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);

    /// <summary>[outputs]: rows whose logits are wanted.</summary>
    internal ReadOnlySpan<int> OutputRows => CollectionsMarshal.AsSpan(_outputRows);

    /// <summary>[outputs]: which of the step's outputs each of them is.</summary>
    internal ReadOnlySpan<int> Outputs => CollectionsMarshal.AsSpan(_outputs);

    /// <summary>The rows' slots and the pages they attend to; as many rows as <see cref="TokenIds"/>.</summary>
    internal AttentionBatch Batch { get; } = new() { PageSize = pageSize };

    /// <summary>Forgets the last pass.</summary>
    internal void Clear()
    {
        _tokenIds.Clear();
        _positions.Clear();
        _outputRows.Clear();
        _outputs.Clear();
        Batch.Clear();
    }

    /// <summary>Adds rows with consecutive positions; their slots are added to <see cref="Batch"/> by the caller.</summary>
    internal void Add(ReadOnlySpan<int> tokenIds, int firstPosition)
    {
        _tokenIds.AddRange(tokenIds);
        for (int i = 0; i < tokenIds.Length; i++)
        {
            _positions.Add(firstPosition + i);
        }
    }

    /// <summary>Adds all of a chunk: rows, slots after what is cached, wanted logits.</summary>
    internal void Add(in StepChunk chunk)
    {
        int first = _tokenIds.Count;
        Add(chunk.Tokens.Span.Slice(chunk.Start, chunk.Count), chunk.Start);
        int pages = (int)(((long)chunk.End + Batch.PageSize - 1) / Batch.PageSize);
        Batch.AddSequence(chunk.Pages.Pages[..pages], chunk.End, chunk.Count);
        for (int i = 0; i < chunk.OutputCount; i++)
        {
            AddOutput(first + chunk.Count - chunk.OutputCount + i, chunk.FirstOutput + i);
        }
    }

    /// <summary>Wants a row's logits.</summary>
    /// <param name="row">Row of this pass.</param>
    /// <param name="output">Its index among the step's outputs.</param>
    internal void AddOutput(int row, int output)
    {
        _outputRows.Add(row);
        _outputs.Add(output);
    }
}
