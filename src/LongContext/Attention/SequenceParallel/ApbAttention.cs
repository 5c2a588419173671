using System.Runtime.InteropServices;
using LongContext.Attention.Compression;
using LongContext.Backends;
using LongContext.Tensors;

namespace LongContext.Attention.SequenceParallel;

/// <summary>APB on one machine: blocks of the context are read one after another, each seeing [anchor | passing block | itself]. Star is APB that passes nothing.</summary>
/// <remarks>
/// <para>
/// A host needs of the hosts before it only the keys they pass on, layer by layer, and those exist when its turn comes: one after another is
/// the same as side by side. A block's rows are causal over a table made of the anchor's pages, the passing pages and the block's own, so an
/// item is an item and no kernel knows of blocks. Positions are the true ones; the anchor's are 0, 1, 2, …. All keys of the context stay in
/// the sequence's own pages: query and answer are computed exactly on them.
/// </para>
/// <para>
/// One prompt is read at a time (see the scheduler's limits). One that starts over, after it lost its pages, starts at its first token.
/// </para>
/// </remarks>
internal sealed class ApbAttention : IAttentionMethod, IDisposable
{
    private readonly ApproximateReading _reading;
    private readonly AttentionModel _model;
    private readonly ICompressor? _compressor;
    private readonly ScratchPages _scratch;
    private readonly int _anchorRows;
    private readonly BlockScores _scores;
    private readonly PassingBlockWriter _passing;
    private readonly List<Piece> _pieces = [];
    private readonly List<int> _pages = [];
    private readonly List<int> _restPages = [];
    private readonly ReleasedQueryMask? _queryMask;
    private float[] _rowScores = [];
    private int[] _anchorTokens = [];
    private long _sequence = -1;
    private PrefillGeometry? _geometry;
    private KeySelection? _selection;
    private int _readingChunk;
    private Piece? _current;
    private int _firstRow;
    private int _firstBlockPage;

    /// <summary>Makes the method.</summary>
    /// <param name="reading">Which prompts are read approximately.</param>
    /// <param name="model">Sizes.</param>
    /// <param name="compressor">Chooses what is passed on; owned from here on. Null: nothing is.</param>
    /// <param name="backend">Computes.</param>
    /// <param name="scratch">Pages for the anchor and what is passed on.</param>
    /// <param name="anchorRows">Most rows of the anchor computed in one pass.</param>
    internal ApbAttention(
        ApproximateReading reading, AttentionModel model, ICompressor? compressor, IBackend backend, ScratchPages scratch, int anchorRows)
    {
        (_reading, _model, _compressor, _scratch, _anchorRows) = (reading, model, compressor, scratch, anchorRows);
        _scores = new BlockScores(model.Layers, model.KVHeads);
        _passing = new PassingBlockWriter(backend, model, scratch.PageSize);
        _queryMask = reading.HasReleasedQueryMask ? new ReleasedQueryMask(backend, scratch.PageSize) : null;
    }

    /// <inheritdoc/>
    public bool LayOut(ReadOnlySpan<StepChunk> chunks, int pass, StepRows rows)
    {
        if (pass == 0)
        {
            FindReading(chunks);
        }

        _current = null;
        _queryMask?.Clear();
        for (int c = 0; c < chunks.Length; c++)
        {
            if (c == _readingChunk)
            {
                AddPiece(chunks[c], _pieces[pass], rows);
            }
            else if (pass == 0)
            {
                AddExact(chunks[c], rows);
            }
        }

        return _readingChunk >= 0 && pass + 1 < _pieces.Count;
    }

    /// <inheritdoc/>
    public void AddItems(AttentionBatch batch)
    {
        for (int s = 0; s < batch.SequenceCount; s++)
        {
            int start = batch.QoIndptr[s];
            int count = batch.QoIndptr[s + 1] - start;
            int length = batch.KVLengths[s];
            batch.AddItem(new AttentionItem(s, start, count, 0, length, AttentionMask.Causal, length - count));
        }
    }

    /// <inheritdoc/>
    public void Forward(in AttentionContext context, in Tensor q, in Tensor k, in Tensor v, in Tensor output)
    {
        IBackend backend = context.Backend;
        ScoreIfDue(ScoringStage.BeforeRotary, context.Layer, q, k, v);
        backend.Rotary(q, context.Cos, context.Sin, context.RotaryLayout);
        backend.Rotary(k, context.Cos, context.Sin, context.RotaryLayout);
        ReadQueryIfThere(context.Layer, q);
        ScoreIfDue(ScoringStage.AfterRotary, context.Layer, q, k, v);
        backend.AppendKV(k, v, context.Cache, context.Layer, context.Plan);
        Tensor lse = _queryMask?.Lse(q) ?? default;
        backend.Attention(q, context.Cache, context.Layer, context.Plan, context.Parameters, output, lse);
        _queryMask?.Merge(context, q, output, lse);
        PassOnIfDue(context);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _passing.Dispose();
        _queryMask?.Dispose();
        _compressor?.Dispose();
    }

    /// <summary>Finds the chunk that is part of a context read in blocks, and cuts it.</summary>
    private void FindReading(ReadOnlySpan<StepChunk> chunks)
    {
        _readingChunk = -1;
        _pieces.Clear();
        for (int c = 0; c < chunks.Length; c++)
        {
            ref readonly StepChunk chunk = ref chunks[c];
            PrefillGeometry? geometry = chunk.Start < chunk.PromptLength ? _reading.For(chunk.ContextLength, chunk.PromptLength) : null;
            if (geometry is null || chunk.Start >= geometry.Blocks.ContextLength)
            {
                continue; // exact: a short prompt, or what comes after the context
            }

            if (_readingChunk >= 0 || (chunk.Start > 0 && chunk.Sequence != _sequence))
            {
                throw new InvalidOperationException("Two contexts are read in blocks at once; the scheduler must let one finish.");
            }

            if (chunk.Start == 0)
            {
                (_sequence, _geometry) = (chunk.Sequence, geometry);
                _scores.Resize(geometry.Blocks.BlockLength);
                _compressor?.Begin();
                chunk.Selection?.Begin(geometry, _model.Layers, _model.KVHeads);
            }

            (_readingChunk, _selection) = (c, chunk.Selection);
            Piece.Cut(_geometry!, chunk.Start, chunk.End, _anchorRows, _pieces);
        }
    }

    private void AddPiece(in StepChunk chunk, in Piece piece, StepRows rows)
    {
        (_current, _firstRow) = (piece, rows.TokenIds.Length);
        _pages.Clear();
        int pageSize = _scratch.PageSize;
        if (piece.Kind == PieceKind.Anchor)
        {
            AddAnchor(chunk, piece, rows);
            return;
        }

        if (piece.Kind == PieceKind.Rest)
        {
            AddRest(chunk, piece, _geometry!, rows);
            return;
        }

        rows.Add(chunk.Tokens.Span.Slice(piece.Start, piece.Count), piece.Start);
        int before = 0, first = 0;
        if (piece.Block > 0)
        {
            _scratch.AddAnchor(_geometry!.Anchor, chunk.Pages.Pages, _pages);
            _scratch.AddPassing(_geometry.Anchor, 0, _geometry.PassingBefore(piece.Block), _pages);
            (before, first) = (_geometry.KeysBefore(piece.Block), _geometry.Blocks.Start(piece.Block));
        }

        ReadOnlySpan<int> own = chunk.Pages.Pages[(first / pageSize)..((piece.End + pageSize - 1) / pageSize)];
        _firstBlockPage = _pages.Count;
        _pages.AddRange(own);
        rows.Batch.AddSequence(CollectionsMarshal.AsSpan(_pages), before + piece.End - first, piece.Count);
        AddOutputs(chunk, piece, _firstRow, rows);
    }

    /// <summary>Adds a chunk that is not part of a context read in blocks: a short prompt, a query, generated tokens.</summary>
    private void AddExact(in StepChunk chunk, StepRows rows)
    {
        if (_reading.For(chunk.ContextLength, chunk.PromptLength) is { } geometry)
        {
            AddRest(chunk, new Piece(PieceKind.Rest, chunk.Start, chunk.Count), geometry, rows);
        }
        else
        {
            rows.Add(chunk);
        }
    }

    /// <summary>Adds rows after a context that was read in blocks: they see all of it, and the anchor if it is kept.</summary>
    private void AddRest(in StepChunk chunk, in Piece piece, PrefillGeometry geometry, StepRows rows)
    {
        int anchor = _reading.KeepsAnchor && !geometry.Anchor.IsContext ? geometry.Anchor.Length : 0;
        _restPages.Clear();
        if (anchor > 0)
        {
            _scratch.AddAnchor(geometry.Anchor, default, _restPages); // still this sequence's: one request at a time
        }

        int firstRow = rows.TokenIds.Length;
        rows.Add(chunk.Tokens.Span.Slice(piece.Start, piece.Count), piece.Start);
        int first = 0;
        if (_queryMask is not null && piece.Start < chunk.PromptLength)
        {
            first = geometry.Blocks.Start(geometry.Blocks.Count - 1); // the blocks before the last are another matter
            _queryMask.Add(new QueryRows(firstRow, piece.Start, piece.Count, chunk.PromptLength, geometry.Blocks, chunk.Pages));
        }

        _restPages.AddRange(chunk.Pages.Pages[(first / _scratch.PageSize)..((piece.End + _scratch.PageSize - 1) / _scratch.PageSize)]);
        rows.Batch.AddSequence(CollectionsMarshal.AsSpan(_restPages), anchor + piece.End - first, piece.Count);
        AddOutputs(chunk, piece, firstRow, rows);
    }

    private static void AddOutputs(in StepChunk chunk, in Piece piece, int firstRow, StepRows rows)
    {
        for (int position = Math.Max(piece.Start, chunk.End - chunk.OutputCount); position < piece.End; position++)
        {
            rows.AddOutput(firstRow + position - piece.Start, chunk.FirstOutput + position - (chunk.End - chunk.OutputCount));
        }
    }

    private void AddAnchor(in StepChunk chunk, in Piece piece, StepRows rows)
    {
        if (_anchorTokens.Length < piece.Count)
        {
            _anchorTokens = new int[piece.Count];
        }

        Span<int> tokens = _anchorTokens.AsSpan(0, piece.Count);
        _geometry!.Anchor.CopyTo(chunk.Tokens.Span[..chunk.PromptLength], _geometry.Blocks.ContextLength, piece.Start, tokens);
        rows.Add(tokens, piece.Start);
        _scratch.AddAnchor(_geometry.Anchor, default, _pages);
        int pages = (piece.End + _scratch.PageSize - 1) / _scratch.PageSize;
        rows.Batch.AddSequence(CollectionsMarshal.AsSpan(_pages)[..pages], piece.End, piece.Count);
    }

    private void ReadQueryIfThere(int layer, in Tensor q)
    {
        if (_current is not { Kind: PieceKind.Anchor } piece || _compressor is null)
        {
            return;
        }

        Anchor anchor = _geometry!.Anchor;
        int start = Math.Max(piece.Start, anchor.FirstTokens);
        int end = Math.Min(piece.End, anchor.FirstTokens + anchor.QueryTokens);
        if (start < end)
        {
            _compressor.ReadQuery(layer, q.Slice(_firstRow + start - piece.Start, end - start));
        }
    }

    private void ScoreIfDue(ScoringStage stage, int layer, in Tensor q, in Tensor k, in Tensor v)
    {
        if (_compressor is null || _compressor.Stage != stage
            || _current is not { Kind: PieceKind.Block } piece || _geometry!.PassingOf(piece.Block) == 0)
        {
            return;
        }

        int count = piece.Count * _model.KVHeads;
        if (_rowScores.Length < count)
        {
            _rowScores = new float[count];
        }

        Span<float> scores = _rowScores.AsSpan(0, count);
        int blockStart = _geometry.Blocks.Start(piece.Block);
        _compressor.Score(
            new LayerRows(
                layer, piece.Start, blockStart, q.Slice(_firstRow, piece.Count), k.Slice(_firstRow, piece.Count), v.Slice(_firstRow, piece.Count)),
            scores);
        _scores.Store(layer, piece.Start - blockStart, scores);
    }

    private void PassOnIfDue(in AttentionContext context)
    {
        if (_compressor is null || _current is not { Kind: PieceKind.Block } piece
            || piece.End != _geometry!.Blocks.End(piece.Block) || _geometry.PassingOf(piece.Block) == 0)
        {
            return;
        }

        if (context.Layer == 0)
        {
            _passing.Begin(_scratch, _geometry.Anchor, _geometry.PassingBefore(piece.Block), _geometry.PassingBefore(piece.Block + 1));
        }

        ReadOnlySpan<int> chosen = _passing.Write(
            context.Cache, context.Layer, _scores, CollectionsMarshal.AsSpan(_pages)[_firstBlockPage..], _geometry.Blocks.Length(piece.Block), _geometry.UnselectableOf(piece.Block),
            _compressor.PoolingWidth);
        _selection?.Add(context.Layer, _geometry.Blocks.Start(piece.Block), chosen);
    }
}
