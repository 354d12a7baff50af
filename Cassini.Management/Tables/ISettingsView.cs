using System.Text.Json.Nodes;

namespace Cassini.Management.Tables;

/// <summary>The settings in force, for GET /config. Any thread.</summary>
internal interface ISettingsView
{
    /// <summary>The file that they come from; null without one.</summary>
    string? File { get; }

    /// <summary>What is wrong with the settings that were read last and refused; null when nothing is.</summary>
    string? Problem { get; }

    /// <summary>Every setting, in the order of the documentation. No secret is in it.</summary>
    IReadOnlyList<SettingRow> Settings { get; }
}

/// <summary>A setting.</summary>
/// <param name="Key">Its key, such as <c>Health:Hold</c>.</param>
/// <param name="Value">Its value in force; of a secret only that it is set.</param>
/// <param name="Default">Its default; null for none.</param>
/// <param name="Origin">Where the value comes from: a flag, a variable, a file, or <c>default</c>.</param>
/// <param name="AtOnce">Whether a change is in force without a restart.</param>
/// <param name="NeedsRestart">Whether another value was read, which is in force only after a restart.</param>
/// <param name="Next">That value; null unless there is one.</param>
internal sealed record SettingRow(
    string Key, JsonNode? Value, JsonNode? Default, string Origin, bool AtOnce, bool NeedsRestart, JsonNode? Next);
