using System.Text.Json;

namespace Cassini.Tests.Events;

/// <summary>
/// Enumerations in JSON. Native code wants a converter for each of them, and one that is forgotten would be written as a number.
/// </summary>
internal static class JsonWords
{
    /// <summary>The enumerations that can occur in the JSON of these types, however deep.</summary>
    public static IReadOnlyList<Type> EnumerationsIn(JsonSerializerOptions options, params IEnumerable<Type> roots)
    {
        var seen = new HashSet<Type>();
        var waiting = new Queue<Type>(roots);
        while (waiting.TryDequeue(out var type))
        {
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (!seen.Add(type) || type.IsEnum)
            {
                continue;
            }

            IEnumerable<Type> parts =
            [
                .. type.GetGenericArguments(),
                .. type.GetElementType() is { } element ? [element] : Array.Empty<Type>(),
                .. options.TryGetTypeInfo(type, out var shape) ? shape.Properties.Select(property => property.PropertyType) : [],
            ];
            foreach (var part in parts)
            {
                waiting.Enqueue(part);
            }
        }

        return [.. seen.Where(type => type.IsEnum)];
    }

    public static void ShouldAllBeWords(this IReadOnlyList<Type> enumerations, JsonSerializerOptions options)
    {
        enumerations.ShouldNotBeEmpty();
        foreach (var enumeration in enumerations)
        {
            var text = JsonSerializer.Serialize(Enum.GetValues(enumeration).GetValue(0), enumeration, options);
            text.ShouldStartWith("\"", customMessage: $"{enumeration}");
        }
    }
}
