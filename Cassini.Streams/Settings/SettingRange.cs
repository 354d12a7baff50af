namespace Cassini.Streams.Settings;

/// <summary>The range of one setting, its ends in the type of the setting.</summary>
internal sealed record SettingRange(IComparable Least, IComparable? Most, string? Unit)
{
    // CompareTo puts NaN below every number, so no range contains it.
    public bool Has(object value) => Least.CompareTo(value) <= 0 && (Most is null || Most.CompareTo(value) >= 0);

    public override string ToString()
    {
        var least = SettingText.Of(Least);
        var ends = Most is null ? $"at least {least}" : $"{least} to {SettingText.Of(Most)}";
        return Unit is null ? ends : $"{ends} {Unit}";
    }
}
