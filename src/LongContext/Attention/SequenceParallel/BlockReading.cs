using System.Runtime.InteropServices;
using LongContext.Attention.Compression;
using LongContext.Backends;
using LongContext.Communication;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>One rank's part of a context that is read in blocks over ranks: which rows it computes in a pass, where they go, and their scores.</summary>
/// <remarks>
/// The rows of a pass are those of any part of the context, the anchor's first where it begins. A rank has whole blocks, which stand in its pages
/// one after another, so each begins with a page. What a block's scores decide is decided when its last row is there.
/// </remarks>
internal sealed class BlockReading
{
    /// <summary>Most rows that a compressor scores at once: bounds its memory.</summary>
    internal const int ScoredAtOnce = 512;

    private readonly AttentionModel _model;
    private readonly ICompressor? _compressor;
    private readonly int _pageSize;
    private readonly int _rank;
    private readonly BlockPlacement _placement;
    private readonly List<BlockScores> _scores = [];
    private readonly List<BlockRun> _runs = [];
    private readonly List<int> _pages = [];
    private readonly float[] _rowScores;
    private int[] _anchorTokens = [];

    /// <param name="model">Sizes.</param>
    /// <param name="compressor">Scores; null: nothing is passed on.</param>
    /// <param name="pageSize">Slots of a page.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="placement">Who reads what.</param>
    internal BlockReading(AttentionModel model, ICompressor? compressor, int pageSize, int rank, BlockPlacement placement)
    {
        (_model, _compressor, _pageSize, _rank, _placement) = (model, compressor, pageSize, rank, placement);
        _rowScores = new float[ScoredAtOnce * model.KVHeads];
    }

    /// <summary>How the context is read.</summary>
    internal PrefillGeometry Geometry { get; private set; } = null!;

    /// <summary>This rank's rows of blocks in this pass.</summary>
    internal ReadOnlySpan<BlockRun> Runs => CollectionsMarshal.AsSpan(_runs);

    /// <summary>Its first rows, which are the anchor's; 0 in a pass that does not begin the context.</summary>
    internal int AnchorRows { get; private set; }

    /// <summary>Its rows in all.</summary>
    internal int Count { get; private set; }

    /// <summary>Whether the anchor is the beginning of a block of this rank, whose keys are computed anyway.</summary>
    internal bool HasAnchorItself => _placement.HasAnchorItself(Geometry, _rank);

    /// <summary>Begins a context.</summary>
    internal void Begin(PrefillGeometry geometry)
    {
        Geometry = geometry;
        _compressor?.Begin();
        int blocks = _placement.MostBlocks(geometry.Blocks.Count);
        while (_scores.Count < blocks)
        {
            _scores.Add(new BlockScores(_model.Layers, _model.KVHeads));
        }

        for (int place = 0; _compressor is not null && place < blocks; place++)
        {
            _scores[place].Resize(geometry.Blocks.BlockLength);
        }
    }

    /// <summary>Chooses this rank's rows of the context's part in a chunk, and places all ranks' tokens of it. The batch has the blocks' own keys alone.</summary>
    internal void LayOut(in StepChunk chunk, StepRows rows)
    {
        _runs.Clear();
        AnchorRows = chunk.Start == 0 && _placement.ComputesAnchor(Geometry, _rank) ? AddAnchor(chunk, rows) : 0;
        Count = AnchorRows;
        int end = Math.Min(chunk.End, Geometry.Blocks.ContextLength);
        for (int start = chunk.Start; start < end;)
        {
            int block = Geometry.Blocks.BlockOf(start);
            int count = Math.Min(Geometry.Blocks.End(block), end) - start;
            int rank = _placement.RankOf(block);
            chunk.Shards!.Place(rank, new TokenRun(start, count));
            if (rank == _rank)
            {
                _runs.Add(new BlockRun(block, start, count, Count));
                Count += count;
            }

            start += count;
        }

        foreach (BlockRun run in _runs) // the pages are there now
        {
            AddRun(chunk, run, rows);
        }
    }

    /// <summary>Tells the compressor of the query's rows, if they are in this pass.</summary>
    internal void ReadQuery(int layer, in Tensor q)
    {
        Anchor anchor = Geometry.Anchor;
        if (AnchorRows > 0 && anchor.QueryTokens > 0)
        {
            _compressor?.ReadQuery(layer, q.Slice(anchor.FirstTokens, anchor.QueryTokens));
        }
    }

    /// <summary>Scores the rows of blocks that pass something on, if the compressor wants them as they are now.</summary>
    internal void Score(ScoringStage stage, int layer, in Tensor q, in Tensor k, in Tensor v)
    {
        if (_compressor?.Stage != stage)
        {
            return;
        }

        foreach (BlockRun run in _runs)
        {
            int blockStart = Geometry.Blocks.Start(run.Block);
            for (int done = 0; done < run.Count && Geometry.PassingOf(run.Block) > 0; done += ScoredAtOnce)
            {
                (int row, int count) = (run.Row + done, Math.Min(ScoredAtOnce, run.Count - done));
                Span<float> scores = _rowScores.AsSpan(0, count * _model.KVHeads);
                _compressor.Score(new LayerRows(layer, run.Start + done, blockStart, q.Slice(row, count), k.Slice(row, count), v.Slice(row, count)), scores);
                _scores[_placement.PlaceOf(run.Block)].Store(layer, run.Start + done - blockStart, scores);
            }
        }
    }

    /// <summary>The slots of what a finished block of this rank passes on.</summary>
    /// <param name="layer">Layer, 0-based.</param>
    /// <param name="block">The block.</param>
    /// <param name="pages">The sequence's pages on this rank.</param>
    /// <param name="slots">[entries, kvHeads].</param>
    internal void Choose(int layer, int block, ReadOnlySpan<int> pages, Span<int> slots)
    {
        _scores[_placement.PlaceOf(block)].Choose(
            layer, Geometry.Blocks.Length(block), Geometry.UnselectableOf(block), _compressor!.PoolingWidth, slots);
        ReadOnlySpan<int> own = pages[(FirstOf(block) / _pageSize)..];
        foreach (ref int row in slots)
        {
            row = (own[row / _pageSize] * _pageSize) + (row % _pageSize);
        }
    }

    /// <summary>Where a block's tokens start among this rank's.</summary>
    private int FirstOf(int block) => _placement.PlaceOf(block) * Geometry.Blocks.BlockLength;

    /// <summary>Rows whose keys do not go to the cache.</summary>
    private int AddAnchor(in StepChunk chunk, StepRows rows)
    {
        int count = Geometry.Anchor.Length;
        if (_anchorTokens.Length < count)
        {
            _anchorTokens = new int[count];
        }

        Geometry.Anchor.CopyTo(chunk.Tokens.Span[..chunk.PromptLength], Geometry.Blocks.ContextLength, 0, _anchorTokens.AsSpan(0, count));
        rows.Add(_anchorTokens.AsSpan(0, count), 0);
        rows.Batch.AddQueries(default, 0, count);
        return count;
    }

    private void AddRun(in StepChunk chunk, in BlockRun run, StepRows rows)
    {
        ReadOnlySpan<int> sequence = chunk.Pages.Pages;
        rows.Add(chunk.Tokens.Span.Slice(run.Start, run.Count), run.Start);
        _pages.Clear();
        int before = 0;
        if (run.Block > 0 && HasAnchorItself)
        {
            before = Geometry.Anchor.Length;
            _pages.AddRange(sequence[..(before / _pageSize)]);
        }

        int first = FirstOf(run.Block), own = run.End - Geometry.Blocks.Start(run.Block);
        _pages.AddRange(sequence[(first / _pageSize)..((first + own + _pageSize - 1) / _pageSize)]);
        rows.Batch.AddSequence(CollectionsMarshal.AsSpan(_pages), before + own, run.Count);
        int firstOutput = chunk.End - chunk.OutputCount;
        for (int position = Math.Max(run.Start, firstOutput); position < run.End; position++)
        {
            rows.AddOutput(run.Row + position - run.Start, chunk.FirstOutput + position - firstOutput);
        }
    }
}
