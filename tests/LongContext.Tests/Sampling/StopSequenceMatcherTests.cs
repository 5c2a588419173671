using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LongContext.Sampling;
using NUnit.Framework;

namespace LongContext.Tests.Sampling;

[TestFixture]
internal sealed class StopSequenceMatcherTests
{
    private static readonly Arbitrary<int> Seeds = Gen.Choose(0, int.MaxValue).ToArbitrary();

    /// <summary>Text up to the sequence that is complete first, the longest of those that end together; null if there is none.</summary>
    private static string? Reference(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] ending = [.. stops.Where(stop => text.AsSpan(0, end).EndsWith(stop, StringComparison.Ordinal))];
            if (ending.Length > 0)
            {
                return text[..(end - ending.Max(stop => stop.Length))];
            }
        }

        return null;
    }

    private static string Word(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "aab"[random.Next(3)]));

    [Test]
    public void Append_AnyTextInAnyPieces_ShowsTheTextUpToTheFirstStop()
    {
        Prop.ForAll(Seeds, seed =>
        {
            Random random = new(seed);
            string text = Word(random, random.Next(0, 60));
            string[] stops = [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => Word(random, random.Next(1, 9)))];
            StopSequenceMatcher matcher = new(stops);
            StringBuilder shown = new();
            bool stopped = false;
            for (int start = 0; start < text.Length;)
            {
                int length = Math.Min(random.Next(0, 6), text.Length - start);
                (string emit, bool isStopped) = matcher.Append(text.Substring(start, length));
                start += length;
                shown.Append(emit);
                stopped |= isStopped;
                if (stops.Any(stop => shown.ToString().Contains(stop, StringComparison.Ordinal)) || (stopped && !isStopped))
                {
                    return false; // leaked, or went on after the stop
                }

                string certain = shown.ToString();
                bool heldTooMuch = !stopped && start - certain.Length > 0 &&
                    !stops.Any(stop => stop.StartsWith(text[certain.Length..start], StringComparison.Ordinal));
                if (heldTooMuch)
                {
                    return false;
                }
            }

            shown.Append(matcher.Flush());
            string? expected = Reference(text, stops);
            return stopped == (expected is not null) && shown.ToString() == (expected ?? text);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Test]
    public void Append_AMillionCharactersThatNearlyStop_TakesLinearTime()
    {
        string stop = new string('a', 1_023) + "b";
        StopSequenceMatcher matcher = new([stop, .. Enumerable.Range(1, 63).Select(i => new string('a', i * 16) + "c")]);
        Stopwatch watch = Stopwatch.StartNew();
        int shown = 0;
        string piece = new('a', 1_000);
        for (int i = 0; i < 1_000; i++)
        {
            shown += matcher.Append(piece).Emit.Length;
        }

        Assert.That(shown, Is.EqualTo(1_000_000 - 1_023));
        Assert.That(matcher.Append("b").Stopped, Is.True);
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public void Append_SurrogatePairs_AreNotCut()
    {
        StopSequenceMatcher matcher = new(["🙂x"]);
        Assert.That(matcher.Append("a🙃"), Is.EqualTo(("a🙃", false))); // shares its first half with the stop sequence's
        Assert.That(matcher.Append("b🙂"), Is.EqualTo(("b", false)));
        Assert.That(matcher.Append("y"), Is.EqualTo(("🙂y", false)));
        Assert.That(matcher.Append("z🙂xq"), Is.EqualTo(("z", true)));
        Assert.That(matcher.Append("more"), Is.EqualTo(("", true)));
        Assert.That(matcher.Flush(), Is.Empty);
    }
}
