namespace LongContext.Tests.Tokenization.ChatTemplates;

/// <summary>A clock that stands still, in UTC.</summary>
internal sealed class FixedTime(DateTimeOffset now) : TimeProvider
{
    /// <summary>The reference data's clock.</summary>
    internal static FixedTime Golden { get; } = new(new DateTimeOffset(2025, 3, 9, 14, 5, 7, TimeSpan.Zero));

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => now;
}
