using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Cassini.Management.Http;

/// <summary>Reads parameters of a query, and says in a sentence what is wrong with one.</summary>
internal static class QueryParameters
{
    /// <summary>A parameter that may be given once; null when it is absent.</summary>
    public static bool TryReadOne(HttpContext context, string name, out string? value, [NotNullWhen(false)] out string? error)
    {
        var given = context.Request.Query[name];
        value = given.Count == 1 ? given[0] : null;
        error = given.Count > 1 ? $"{name} is given {given.Count} times: once is enough" : null;
        return error is null;
    }

    /// <summary>A whole number that may be given once.</summary>
    public static bool TryReadNumber(
        HttpContext context, string name, int least, int most, int absent, out int value, [NotNullWhen(false)] out string? error)
    {
        value = absent;
        if (TryReadOne(context, name, out var text, out error) && text is not null
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) || value < least || value > most))
        {
            error = string.Create(
                CultureInfo.InvariantCulture, $"{name}={Answer.Quote(text)} is not a whole number from {least:N0} to {most:N0}");
        }

        return error is null;
    }
}
