using Cassini.Management.Http;

namespace Cassini.Management.Tables;

/// <summary>GET /config: what is in force, and where each value comes from.</summary>
internal static class ConfigEndpoint
{
    public static void MapConfig(this IEndpointRouteBuilder routes, ISettingsView? settings) =>
        routes.MapReads("/config", context => AnswerAsync(context, settings))
            .Describe("config", "Every setting: its value in force, where that comes from, and what waits for a restart. No secrets.")
            .Answers<ConfigAnswer>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);

    private static Task AnswerAsync(HttpContext context, ISettingsView? settings) => settings is null
        ? Answer.TextAsync(
            context, StatusCodes.Status404NotFound, "this broker reads no settings: the application around it has them\n")
        : Answer.JsonAsync(
            context, StatusCodes.Status200OK, new ConfigAnswer(settings.File, settings.Problem, settings.Settings),
            TableJson.Config);
}

/// <summary>The body of GET /config.</summary>
/// <param name="File">The settings file; null without one.</param>
/// <param name="Problem">Why the settings that were read last are not in force; null when they are.</param>
/// <param name="Settings">Every setting.</param>
internal sealed record ConfigAnswer(string? File, string? Problem, IReadOnlyList<SettingRow> Settings);
