using LongContext.KVCache;
using NUnit.Framework;

namespace LongContext.Tests.KVCache;

[TestFixture]
internal sealed class PagedKVCacheTests
{
    private const int PageSize = 4;

    [TestCase(3, 0)]  // no full page
    [TestCase(4, 0)]  // one full page, but its last token must be computed again
    [TestCase(5, 4)]
    [TestCase(8, 4)]
    [TestCase(9, 8)]
    [TestCase(20, 8)] // the first sequence had only two full pages
    public void Attach_AfterAnEqualBeginning_FindsItsFullPagesButNeverTheLastToken(int length, int expected)
    {
        PagedKVCache cache = new(pages: 8, PageSize, PrefixReuse.Enabled);
        PageTable first = Filled(cache, Tokens(11));
        cache.Release(first);

        PageTable second = new();
        Assert.That(cache.Attach(second, Tokens(length)), Is.EqualTo(expected));
        cache.Verify([second]);
    }

    [Test]
    public void Attach_WhileTheFirstOwnerRuns_SharesTheSamePages()
    {
        PagedKVCache cache = new(8, PageSize, PrefixReuse.Enabled);
        PageTable first = Filled(cache, Tokens(9));
        PageTable second = new();
        cache.Attach(second, Tokens(9));

        Assert.That(second.Pages.ToArray(), Is.EqualTo(first.Pages[..2].ToArray()));
        cache.Release(first);
        cache.Verify([second]);
        Assert.That(cache.AvailablePages, Is.EqualTo(6));
    }

    [Test]
    public void Attach_WhenAllHashesCollide_StillComparesTheIds()
    {
        PagedKVCache cache = new(16, PageSize, PrefixReuse.Enabled, static (_, _) => 7);
        for (int start = 0; start < 4; start++)
        {
            cache.Release(Filled(cache, [start, 1, 2, 3, 100 + start, 5, 6, 7, 8]));
        }

        PageTable known = new();
        PageTable otherSecondPage = new();
        PageTable unknown = new();
        Assert.Multiple(() =>
        {
            Assert.That(cache.Attach(known, [2, 1, 2, 3, 102, 5, 6, 7, 9]), Is.EqualTo(8));
            Assert.That(cache.Attach(otherSecondPage, [2, 1, 2, 3, 103, 5, 6, 7, 9]), Is.EqualTo(4), "page two of another first page");
            Assert.That(cache.Attach(unknown, [9, 1, 2, 3, 102, 5, 6, 7, 9]), Is.Zero);
        });
        cache.Verify([known, otherSecondPage, unknown]);
    }

    [Test]
    public void TryGrow_WhenNoPageIsFree_EvictsTheLeastRecentlyUsedPrefixFirst()
    {
        PagedKVCache cache = new(4, PageSize, PrefixReuse.Enabled);
        cache.Release(Filled(cache, [1, 1, 1, 1]));
        cache.Release(Filled(cache, [2, 2, 2, 2]));
        cache.Release(Filled(cache, [3, 3, 3, 3]));
        PageTable again = new();
        cache.Attach(again, [1, 1, 1, 1, 0]);
        cache.Release(again); // 2 is the oldest now

        PageTable grown = new();
        Assert.That(cache.TryGrow(grown, 2 * PageSize), Is.True); // one free page, one evicted
        PageTable one = new();
        PageTable two = new();
        PageTable three = new();
        Assert.Multiple(() =>
        {
            Assert.That(cache.Attach(two, [2, 2, 2, 2, 0]), Is.Zero);
            Assert.That(cache.Attach(one, [1, 1, 1, 1, 0]), Is.EqualTo(4));
            Assert.That(cache.Attach(three, [3, 3, 3, 3, 0]), Is.EqualTo(4));
        });
    }

    [Test]
    public void TryGrow_BeyondWhatIsAvailable_TakesNothing()
    {
        PagedKVCache cache = new(3, PageSize, PrefixReuse.Enabled);
        PageTable table = new();
        Assert.Multiple(() =>
        {
            Assert.That(cache.TryGrow(table, (3 * PageSize) + 1), Is.False);
            Assert.That(cache.AvailablePages, Is.EqualTo(3));
            Assert.That(cache.TryGrow(table, 3 * PageSize), Is.True);
            Assert.That(cache.AvailablePages, Is.Zero);
        });
    }

    [Test]
    public void Commit_OfAPageAnotherSequenceComputedFirst_GivesTheOwnCopyBack()
    {
        PagedKVCache cache = new(8, PageSize, PrefixReuse.Enabled);
        PageTable first = new();
        PageTable second = new();
        cache.TryGrow(first, 8);
        cache.TryGrow(second, 8);
        cache.Commit(first, Tokens(8));
        cache.Commit(second, Tokens(8));

        Assert.That(second.Pages.ToArray(), Is.EqualTo(first.Pages.ToArray()));
        Assert.That(cache.AvailablePages, Is.EqualTo(6));
        cache.Verify([first, second]);
    }

    [Test]
    public void Attach_WithReuseDisabled_FindsNothing()
    {
        PagedKVCache cache = new(8, PageSize, PrefixReuse.Disabled);
        cache.Release(Filled(cache, Tokens(8)));
        PageTable table = new();
        Assert.Multiple(() =>
        {
            Assert.That(cache.Attach(table, Tokens(8)), Is.Zero);
            Assert.That(cache.CachedPages, Is.Zero);
        });
    }

    [Test]
    public void Verify_WhenASequenceIsForgotten_Throws()
    {
        PagedKVCache cache = new(8, PageSize, PrefixReuse.Enabled);
        PageTable leaked = Filled(cache, Tokens(5));
        Assert.Multiple(() =>
        {
            Assert.That(() => cache.Verify([leaked]), Throws.Nothing);
            Assert.That(() => cache.Verify([]), Throws.InvalidOperationException);
            Assert.That(() => cache.Verify([leaked, leaked]), Throws.InvalidOperationException);
        });
    }

    [Test]
    public void Release_OfAPageWithoutOwner_Throws()
    {
        PageAllocator allocator = new(2, index: null);
        allocator.TryAllocate(out int page);
        allocator.Release(page);
        Assert.Multiple(() =>
        {
            Assert.That(() => allocator.Release(page), Throws.InvalidOperationException);
            Assert.That(() => allocator.AddReference(page), Throws.InvalidOperationException);
        });
    }

    private static PageTable Filled(PagedKVCache cache, int[] tokens)
    {
        PageTable table = new();
        cache.Attach(table, tokens);
        cache.TryGrow(table, tokens.Length);
        cache.Commit(table, tokens);
        return table;
    }

    private static int[] Tokens(int count) => [.. Enumerable.Range(10, count)];
}
