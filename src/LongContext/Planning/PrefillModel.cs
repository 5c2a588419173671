namespace LongContext.Planning;

/// <summary>Time of one layer's prefill for each method: computing at the host's rates, messages at the link's, overlapped where the method overlaps.</summary>
internal sealed class PrefillModel(ModelCost model, PlanRequest request)
{
    private readonly double _s = request.Tokens;
    private readonly int _n = request.Hosts;
    private readonly LinkProfile _link = request.Link;

    /// <summary>Null where the method cannot run on so many hosts.</summary>
    internal PrefillTime? Of(PlannedMethod method, int blocks, int inner) => method switch
    {
        PlannedMethod.Full => _n == 1 ? Computed(Matrix(_s) + Attention(Triangle(_s))) : null,
        PlannedMethod.Ring => Ring(balanced: false),
        PlannedMethod.RingZigzag => Ring(balanced: true),
        PlannedMethod.Ulysses => _n <= model.QHeads ? Ulysses() : null,
        PlannedMethod.Usp => Usp(inner),
        PlannedMethod.Star => Blocks(blocks, _s / blocks, 0, anchorIsBlock: true),
        PlannedMethod.Apb => Blocks(blocks, AnchorLength(blocks), PassingLength(blocks), anchorIsBlock: false),
        _ => null,
    };

    private static PrefillTime Computed(double seconds) => new(seconds, seconds, 0, 0);

    private static double Triangle(double tokens) => tokens * (tokens + 1) / 2;

    private double AnchorLength(int blocks) => Math.Min(request.AnchorLength ?? Math.Min(_s / 32, 8192), _s / blocks);

    private double PassingLength(int blocks) => Math.Min(request.PassingLength ?? (_s / 64), _s / blocks);

    private double Matrix(double tokens) => model.MatrixFlops(tokens) / request.Host.MatrixFlops;

    private double Attention(double pairs) => model.AttentionFlops(pairs) / request.Host.AttentionFlops;

    /// <summary>Contiguous parts: the last host meets every other part in full. Zigzag: half of that, on every host.</summary>
    private PrefillTime Ring(bool balanced)
    {
        double c = _s / _n;
        double bytes = TransferBytes.Ring(model, _s, _n);
        double own = Attention(Triangle(c));
        double step = Attention(c * c) / (balanced ? 2 : 1);
        double send = _n > 1 ? _link.Seconds(1, bytes / (_n - 1)) : 0;
        double seconds = Matrix(c) + Overlapped(own, step, send);
        return new PrefillTime(seconds, Matrix(c) + own + ((_n - 1) * step), (_n - 1) * send, bytes);
    }

    /// <summary>Each part is attended while the next one arrives; nothing arrives during the last.</summary>
    private double Overlapped(double own, double step, double send)
    {
        double seconds = _n > 1 ? Math.Max(own, send) : own;
        for (int i = 1; i < _n; i++)
        {
            seconds += i < _n - 1 ? Math.Max(step, send) : step;
        }

        return seconds;
    }

    private PrefillTime Ulysses()
    {
        double bytes = TransferBytes.Ulysses(model, _s, _n);
        double compute = Matrix(_s / _n) + Attention(Triangle(_s) * HeadShare(_n));
        double send = _link.Seconds(2 * (_n - 1), bytes);
        return new PrefillTime(compute + send, compute, send, bytes);
    }

    /// <summary>The share of heads on the host that has most of them.</summary>
    private double HeadShare(int hosts) => Math.Ceiling((double)model.QHeads / hosts) / model.QHeads;

    private PrefillTime? Usp(int inner)
    {
        if (inner > model.QHeads)
        {
            return null;
        }

        int outer = _n / inner;
        (double innerBytes, double ringBytes) = TransferBytes.Usp(model, _s, _n, inner);
        double exchange = (request.InnerLink ?? _link).Seconds(2 * (inner - 1), innerBytes);
        double attention = Attention(Triangle(_s) / outer * HeadShare(inner));
        double send = outer > 1 ? _link.Seconds(1, ringBytes / (outer - 1)) : 0;
        double seconds = Matrix(_s / _n) + exchange + (attention / outer) + ((outer - 1) * Math.Max(attention / outer, send));
        return new PrefillTime(seconds, Matrix(_s / _n) + attention, exchange + ((outer - 1) * send), innerBytes + ringBytes);
    }

    /// <summary>On one host blocks follow each other; on several, the host that has most to do decides.</summary>
    /// <param name="blocks">Blocks of the prompt.</param>
    /// <param name="anchor">Anchor tokens.</param>
    /// <param name="passing">Tokens that each block passes on.</param>
    /// <param name="anchorIsBlock">Whether the first block is the anchor, so that its host need not compute it anew.</param>
    private PrefillTime Blocks(int blocks, double anchor, double passing, bool anchorIsBlock)
    {
        double c = _s / blocks;
        if (blocks == 1)
        {
            return Computed(Matrix(_s) + Attention(Triangle(_s)));
        }

        double bytes = _n > 1 ? TransferBytes.Apb(model, passing, _n, blocks / _n) : 0;
        double send = bytes > 0 ? _link.Seconds(_n - 1, bytes) : 0;
        (double seconds, double compute) = (0, 0);
        for (int host = 0; host < _n; host++)
        {
            double anew = host == 0 && anchorIsBlock ? 0 : anchor;
            (double rows, double own, double passed) = (anew, Attention(Triangle(anew)), 0);
            for (int round = 0; round < blocks / _n; round++)
            {
                int block = (round * _n) + (round % 2 == 0 ? host : _n - 1 - host);
                rows += c;
                own += Attention(Triangle(c) + (block > 0 ? c * anchor : 0));
                passed += Attention(c * block * passing);
            }

            seconds = Math.Max(seconds, Matrix(rows) + Math.Max(own, send) + passed); // what is passed on travels while blocks are attended to
            compute = Math.Max(compute, Matrix(rows) + own + passed);
        }

        return new PrefillTime(seconds, compute, send, bytes);
    }
}
