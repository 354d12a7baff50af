using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Settings.Reading;

/// <summary>
/// Fills options records from settings by walking the records' own properties: a new option needs no new code here. Nothing
/// throws: every error is collected, so that all are reported at once.
/// </summary>
internal sealed class OptionsReader(IReadOnlyList<SettingsLayer> weakestFirst)
{
    /// <summary>So many unknown settings are named; a file with more is of something else.</summary>
    private const int MostUnknown = 100;

    private const int LongestKey = 200;

    private readonly LayeredSettings _settings = new(weakestFirst);
    private readonly Dictionary<string, string> _origins = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _known = [];
    private readonly HashSet<string> _sections = new(StringComparer.Ordinal);

    /// <summary>Every key that an option has, of what was read so far.</summary>
    public IReadOnlyList<string> Known => _known;

    public List<string> Errors { get; } = [];

    public List<string> Warnings { get; } = [];

    /// <summary>The record, with the settings under <paramref name="path"/> instead of its defaults.</summary>
    public T Read<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>(string path = "")
        where T : class, IOptionsRecord => (T)Section(Activator.CreateInstance<T>(), path);

    /// <summary>
    /// The section of this type, with the settings under <paramref name="path"/> instead of the given values; the given record is not
    /// changed.
    /// </summary>
    public T Read<T>(T given, string path)
        where T : class, IOptionsRecord => (T)Section(CopyOf(given), path);

    /// <summary>Where each setting that was read comes from; a default is not in it.</summary>
    public IReadOnlyDictionary<string, string> Origins => _origins;

    /// <summary>The error with the origin of its setting; a default has none.</summary>
    public string Locate(SettingError error) => _origins.TryGetValue(error.Key, out var origin) ? $"{error} ({origin})" : $"{error}";

    /// <summary>After the last <see cref="Read{T}(string)"/>: reports the keys that no option has.</summary>
    public void ReportUnknown()
    {
        var unread = _settings.Unread.ToList();
        foreach (var (setting, isError) in unread.Take(MostUnknown))
        {
            var nearest = NearestName.Of(setting.Key, _known) is { } known ? $"; did you mean {known}?" : "";
            (isError ? Errors : Warnings).Add(
                $"{SafeText.Cut(setting.Key, LongestKey)}: there is no such setting ({SafeText.Cut(setting.Origin, LongestKey)}){nearest}");
        }

        foreach (var isError in unread.Skip(MostUnknown).Select(rest => rest.IsError).Distinct())
        {
            (isError ? Errors : Warnings).Add($"and {unread.Count - MostUnknown:N0} more settings that there are not");
        }
    }

    private IOptionsRecord Section(IOptionsRecord options, string path)
    {
        // Two records may share a section.
        if (_sections.Add(path) && _settings.Find(path) is { Value: { Length: > 0 } } setting)
        {
            Errors.Add($"{path}: is a section and takes no value of its own ({setting.Origin})");
        }

        foreach (var property in options.GetType().GetProperties().Where(property => property.CanWrite))
        {
            var key = path.Length == 0 ? property.Name : $"{path}:{property.Name}";
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (SettingValue.IsScalar(type))
            {
                Scalar(options, property, type, key);
            }
            else if (ElementOf(type) is { } element)
            {
                List(options, property, element, key);
            }
            else if (type.IsAssignableTo(typeof(IOptionsRecord))
                && (property.GetValue(options) is not null || _settings.HasAny(key)))
            {
                // A copy, because the default may be shared.
                var section = property.GetValue(options) is IOptionsRecord given ? CopyOf(given) : New(property);
                property.SetValue(options, Section(section, key));
            }
        }

        return options;
    }

    private void Scalar(IOptionsRecord options, PropertyInfo property, Type type, string key)
    {
        _known.Add(key);
        if (_settings.Find(key) is { Value: not null } setting && Convert(key, setting, type, out var value))
        {
            property.SetValue(options, value);
        }
    }

    private void List(IOptionsRecord options, PropertyInfo property, SettingForm element, string key)
    {
        _known.Add(key);
        if (_settings.FindList(key) is not { } items)
        {
            return;
        }

        if (_settings.FindTwice(key) is var (whole, numbered))
        {
            Errors.Add($"{key}: is given as a whole ({whole.Origin}) and as {numbered.Key} ({numbered.Origin}); give it one way");
            return;
        }

        if (_settings.FindHole(key) is var (missing, next, origin))
        {
            Errors.Add(
                $"{key}: has no element {missing}, but an element {next} ({origin}): number the elements 0, 1, 2 and so on; "
                + "an empty variable is one that is not set");
            return;
        }

        var values = new object?[items.Count];
        var faults = Errors.Count;
        for (var i = 0; i < items.Count; i++)
        {
            if (Convert(key, items[i], element.Type, out var value))
            {
                values[i] = value;
            }
        }

        if (Errors.Count == faults)
        {
            property.SetValue(options, element.ListOf(values, property.PropertyType));
        }
    }

    private bool Convert(string key, Setting setting, Type type, out object? value)
    {
        _origins[key] = setting.Origin;
        if (SettingValue.Convert(setting.Value ?? "", type, out value) is not { } problem)
        {
            return true;
        }

        Errors.Add($"{key}: {problem} ({setting.Origin})");
        return false;
    }

    private static SettingForm? ElementOf(Type type)
    {
        var element = type.IsArray ? type.GetElementType()
            : type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) && type.GetGenericArguments() is [var only] ? only
            : null;
        return element is null ? null : SettingValue.FormOf(element);
    }

    private static IOptionsRecord New(PropertyInfo property) => property.GetCustomAttribute<SectionAttribute>() is { } section
        ? (IOptionsRecord)Activator.CreateInstance(section.Type)!
        : throw new InvalidOperationException($"{property.Name} is null without its settings, and has no {nameof(SectionAttribute)}");

    /// <summary>What a with-expression of a record does; its own method for it cannot be called by name in a native executable.</summary>
    private static IOptionsRecord CopyOf(IOptionsRecord given) => (IOptionsRecord)MemberwiseClone(given);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = nameof(MemberwiseClone))]
    private static extern object MemberwiseClone(object given);
}
