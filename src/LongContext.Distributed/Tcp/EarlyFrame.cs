namespace LongContext.Distributed.Tcp;

/// <summary>A frame that came before this rank was ready for it. Reused.</summary>
internal sealed class EarlyFrame
{
    private byte[] _body = [];
    private int _length;

    internal FrameHeader Header { get; private set; }

    internal ReadOnlySpan<byte> Body => _body.AsSpan(0, _length);

    internal void Keep(in FrameHeader header, ReadOnlySpan<byte> body)
    {
        if (_body.Length < body.Length)
        {
            _body = new byte[body.Length];
        }

        body.CopyTo(_body);
        (Header, _length) = (header, body.Length);
    }
}
