namespace LongContext.Tokenization.Bpe;

/// <summary>A binary heap of (rank, position): the lowest rank first, of equal ranks the leftmost.</summary>
internal sealed class MergeHeap
{
    private ulong[] _items = new ulong[64];
    private int _count;

    /// <summary>Takes an item without keeping the order; <see cref="Order"/> must follow.</summary>
    internal void Append(int rank, int position)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, checked(_items.Length * 2));
        }

        _items[_count++] = ((ulong)(uint)rank << 32) | (uint)position;
    }

    /// <summary>Makes a heap of what was appended, in linear time.</summary>
    internal void Order()
    {
        for (int i = (_count / 2) - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    /// <summary>Takes an item.</summary>
    internal void Push(int rank, int position)
    {
        Append(rank, position);
        int i = _count - 1;
        ulong item = _items[i];
        while (i > 0 && _items[(i - 1) / 2] > item)
        {
            _items[i] = _items[(i - 1) / 2];
            i = (i - 1) / 2;
        }

        _items[i] = item;
    }

    /// <summary>Gives the first item, or false when there is none.</summary>
    internal bool TryPop(out int rank, out int position)
    {
        if (_count == 0)
        {
            (rank, position) = (-1, -1);
            return false;
        }

        (rank, position) = ((int)(_items[0] >> 32), (int)(uint)_items[0]);
        _items[0] = _items[--_count];
        SiftDown(0);
        return true;
    }

    private void SiftDown(int i)
    {
        ulong item = _items[i];
        while ((2 * i) + 1 < _count)
        {
            int child = (2 * i) + 1;
            if (child + 1 < _count && _items[child + 1] < _items[child])
            {
                child++;
            }

            if (_items[child] >= item)
            {
                break;
            }

            _items[i] = _items[child];
            i = child;
        }

        _items[i] = item;
    }
}
