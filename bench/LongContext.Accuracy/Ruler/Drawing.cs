namespace LongContext.Accuracy.Ruler;

/// <summary>Random keys, numbers and names; the same random numbers give the same ones.</summary>
internal static class Drawing
{
    private static readonly string[] Adjectives =
    (
        "able amber ample ancient aware bitter bold brave brief bright broad busy calm careful cheap civil clean clear clever close cold cosy crisp curious " +
        "damp dear deep dry dull eager early easy even exact faint fair famous fast fine firm fluffy fond free fresh full gentle glad golden grand great " +
        "happy hard harsh heavy hollow honest huge idle inner jolly keen kind large late lean light lively lone long loud loyal lucky mellow mild misty " +
        "modest narrow neat nimble noble odd open pale plain polite proud pure quick quiet rapid rare ready rich ripe rough round royal rusty safe salty " +
        "sharp shiny short shy silent silver simple sleepy slim slow small smooth soft solid sour spare steady steep still strange strict strong sunny " +
        "sweet swift tall tame tender thick thin tidy tiny tough true vast vivid warm wary weary wet wide wild wise wooden young zesty"
    ).Split(' ');

    private static readonly string[] Nouns =
    (
        "acorn anchor apple arrow badge bakery barrel basket beach beacon bell bench bird blanket boat bottle bridge brook broom bucket button cabin cable " +
        "camel candle canoe canyon carpet castle cave cellar chair chalk cherry chimney circle cliff clock cloud coat comet copper corner cotton cradle " +
        "crane creek crown curtain desert diamond door dragon drum eagle engine falcon farmer feather fence ferry field flame flute forest fountain fox " +
        "garden gate glacier glove grape hammer harbor hat hill honey horse island jacket jar journey kettle key kitten ladder lake lamp lantern leaf " +
        "lemon letter lion market meadow melon mirror moon mountain museum needle nest oak ocean olive orchard otter owl paper parrot path pebble pencil " +
        "piano pillow pine planet pocket pond potato quilt rabbit raven ribbon river road robin rocket saddle sail school shadow shell ship shoe spoon " +
        "squirrel stable stone storm summer table teacher temple thread tiger tower train tulip turtle valley violin wagon walnut whale willow window"
    ).Split(' ');

    /// <summary>So many different keys of an adjective and a noun; of two adjectives where there are too few.</summary>
    internal static string[] WordKeys(Random random, int count)
    {
        bool longer = count > Adjectives.Length * Nouns.Length / 4;
        return Different(count, () => (longer ? $"{Of(Adjectives, random)}-" : "") + $"{Of(Adjectives, random)}-{Of(Nouns, random)}");
    }

    /// <summary>So many different numbers of seven digits.</summary>
    internal static string[] Numbers(Random random, int count) => Different(count, () => $"{random.Next(1_000_000, 10_000_000)}");

    /// <summary>So many different UUIDs of version 4.</summary>
    internal static string[] Uuids(Random random, int count) => Different(count, () =>
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    });

    /// <summary>So many different names of letters.</summary>
    internal static string[] Names(Random random, int count, int letters, char first) =>
        Different(count, () => string.Create(letters, (random, first), (name, from) =>
        {
            foreach (ref char letter in name)
            {
                letter = (char)(from.first + from.random.Next(26));
            }
        }));

    /// <summary>So many of the words, in random order.</summary>
    internal static string[] Some(IReadOnlyList<string> words, Random random, int count)
    {
        string[] all = [.. words];
        random.Shuffle(all);
        return all[..count];
    }

    private static string Of(string[] words, Random random) => words[random.Next(words.Length)];

    private static string[] Different(int count, Func<string> draw)
    {
        HashSet<string> seen = [];
        List<string> drawn = [];
        while (drawn.Count < count)
        {
            string one = draw();
            if (seen.Add(one))
            {
                drawn.Add(one);
            }
        }

        return [.. drawn];
    }
}
