using System.Globalization;
using System.Text.RegularExpressions;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;
using Cassini.Tests.Deploy;
using Cassini.Tests.Management;
using Cassini.Web.Cli.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Cassini.Tests.Docs;

/// <summary>
/// What other pages than docs/operate/settings.md say of settings. Behind a setting's name a page may state its default in parentheses:
/// <c>`Health:Hold` (15 s)</c>.
/// </summary>
public partial class StatedSettingsTests
{
    public static TheoryData<string> Pages =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"))
            .Append(Path.Combine(Repository.Root, "deploy", "README.md"))
            .Select(page => Path.GetRelativePath(Repository.Root, page))
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_SettingsNamed_Exist(string page) =>
        Names().Matches(Repository.Read(page)).Select(match => match.Groups[1].Value)
            .Except(SettingsCatalog.All.Select(setting => setting.Key))
            .ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Pages))]
    public void Page_DefaultStated_IsTheDefault(string page)
    {
        foreach (Match match in Stated().Matches(Repository.Read(page)))
        {
            // A page may leave out the section where it is plain from the setting before.
            var name = match.Groups[1].Value;
            if (SettingsCatalog.All.FirstOrDefault(setting => setting.Key == name || setting.Property.Name == name) is { } setting)
            {
                Written(match.Groups[2].Value).ShouldBe(SettingText.Of(setting.Default), $"{page} says {match.Value}");
            }
        }
    }

    [Fact]
    public void Pages_StateDefaults() => Pages.Sum(page => Stated().Count(Repository.Read(page.Data))).ShouldBeGreaterThan(20);

    [Fact]
    public void Pages_SumsOfDefaults_AreWhatTheyAddUpTo()
    {
        var operations = Repository.Read("docs", "operate", "operations.md");

        Repository.Read("docs", "operate", "drain.md").ShouldContain($"{Defaults.Options.LongestDrain.TotalSeconds} s with the defaults");
        operations.ShouldContain($"{Defaults.Options.LongestStop.TotalSeconds} s with the defaults");
        var files = int.Parse(Files().Match(operations).Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        DescriptorBudget.Fit(Defaults.Options.Listener, files).ShouldBe(Defaults.Options.Listener);
        DescriptorBudget.Fit(Defaults.Options.Listener, files - 1).ShouldNotBe(Defaults.Options.Listener);
    }

    /// <summary>What is no setting, and stated all the same.</summary>
    [Fact]
    public async Task SecurityPage_IdleConnections_EndWhenManagementEndsThem()
    {
        await using var rig = await ManagementRig.StartAsync();
        await using var app = rig.CreateAnother(rig.Options);
        var limits = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        var security = Repository.Read("docs", "operate", "security.md");

        Regex.Match(security, @"keep-alive time-out \(([^)]*)\)").Groups[1].Value.ShouldBe($"{limits.KeepAliveTimeout.TotalSeconds} s");
        security.ShouldContain($"{limits.KeepAliveTimeout.TotalSeconds} s for a connection to send a request, "
            + $"{limits.RequestHeadersTimeout.TotalSeconds} s for the headers, "
            + $"{limits.MaxRequestHeadersTotalSize / 1024} KiB for request line, headers and body, {limits.MaxRequestHeaderCount} headers");
    }

    /// <summary>The default as a setting is written, from the words of a page.</summary>
    private static string Written(string words) => Unit().Match(words) is { Success: true } duration
        ? DurationText.TryParse($"{duration.Groups[1].Value}{ShortUnit(duration.Groups[2].Value)}", out var read)
            ? DurationText.Format(read)
            : words
        : words.Split(' ') is [var number, "a", "second"] ? number : words;

    private static string ShortUnit(string unit) => unit switch
    {
        "min" => "m",
        "days" or "day" => "d",
        _ => unit,
    };

    [GeneratedRegex("`([A-Z][A-Za-z]+:[A-Z][A-Za-z]+)`")]
    private static partial Regex Names();

    [GeneratedRegex(@"`((?:[A-Z][A-Za-z]+:)?[A-Z][A-Za-z]+)` \(([0-9][^)]*)\)")]
    private static partial Regex Stated();

    [GeneratedRegex(@"defaults want ([0-9,]+)")]
    private static partial Regex Files();

    [GeneratedRegex("^([0-9.]+) (ms|s|min|h|days?)$")]
    private static partial Regex Unit();
}
