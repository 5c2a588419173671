using FsCheck;
using FsCheck.Fluent;
using NUnit.Framework;

namespace LongContext.Tests.KVCache;

/// <summary>A million random commands against a reference of page ownership and contents; a failure shrinks to a minimal list of commands.</summary>
[TestFixture]
internal sealed class PageOwnershipProperties
{
    [TestCase(PrefixReuse.Enabled)]
    [TestCase(PrefixReuse.Disabled)]
    public void AnyCommands_KeepEveryPageFreeXorOwned_AndEverySlotIntact(PrefixReuse reuse)
    {
        Arbitrary<int[]> commands = Arb.From(
            Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 400), ArbMap.Default.ArbFor<int[]>().Shrinker);

        Prop.ForAll(commands, list =>
        {
            PageModel model = new(pages: 13, pageSize: 4, reuse);
            foreach (int command in list)
            {
                model.Run(Math.Abs(command));
            }

            model.End();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_300).WithReplay(20261121, 7));
    }
}
