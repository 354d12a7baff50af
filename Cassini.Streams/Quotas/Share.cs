using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cassini.Streams.Settings;

namespace Cassini.Streams.Quotas;

/// <summary>How much of something limited one identity may have: a number, <c>1000</c>, or a part of the limit, <c>25%</c>.</summary>
[SettingText<Share>]
public readonly record struct Share : ISettingText<Share>
{
    private const long All = 100;

    private readonly long _amount;
    private readonly bool _isPercentage;

    private Share(long amount, bool isPercentage)
    {
        _amount = amount;
        _isPercentage = isPercentage;
    }

    /// <summary>A part of the limit.</summary>
    /// <param name="percent">1 … 100.</param>
    public static Share Percent(int percent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(percent, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, All);
        return new Share(percent, isPercentage: true);
    }

    /// <summary>A number, or bytes of memory.</summary>
    /// <param name="amount">At least 1.</param>
    public static Share Of(long amount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(amount, 1);
        return new Share(amount, isPercentage: false);
    }

    /// <summary>Reads a share.</summary>
    /// <param name="text">The share as it is written.</param>
    /// <param name="share">The share.</param>
    /// <param name="error">What is wrong with the text; null when it is a share.</param>
    public static bool TryParse(string? text, out Share share, [NotNullWhen(false)] out string? error)
    {
        var isPercentage = text?.EndsWith('%') is true;
        var digits = isPercentage ? text![..^1] : text;
        share = default;
        error = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var amount)
            && amount >= 1 && (!isPercentage || amount <= All)
            ? null
            : $"'{text}' is not a share: a whole number of at least 1, or 1% to 100% of the limit";
        if (error is null)
        {
            share = new Share(amount, isPercentage);
        }

        return error is null;
    }

    /// <summary>What it comes to: at least 1, and at most the limit.</summary>
    internal long OfLimit(long limit) => _isPercentage
        ? Math.Max(1, (limit / All * _amount) + (limit % All * _amount / All))
        : Math.Min(_amount, limit);

    /// <inheritdoc/>
    public override string ToString() => _amount.ToString(CultureInfo.InvariantCulture) + (_isPercentage ? "%" : "");
}
