using Cassini.Tests.Support;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Cli;

/// <summary>Settings from flags, an environment and files of a directory of their own.</summary>
public abstract class SettingsTests : IDisposable
{
    private protected TempDirectory Files { get; } = new();

    private protected TestConsole Console { get; }

    private protected List<string> Errors { get; } = [];

    protected SettingsTests() => Console = new TestConsole { WorkingDirectory = Files.Path };

    public void Dispose()
    {
        Console.Dispose();
        Files.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected ServeSettings Loaded(params string[] args)
    {
        var settings = Load(args);
        Errors.ShouldBeEmpty();
        return settings.ShouldNotBeNull();
    }

    private protected List<string> Refused(params string[] args)
    {
        Load(args).ShouldBeNull();
        return Errors;
    }

    private ServeSettings? Load(string[] args)
    {
        var flags = new SettingsFlags();
        var command = new System.CommandLine.Command("serve");
        flags.AddTo(command);
        var parsed = command.Parse(args);
        parsed.Errors.ShouldBeEmpty();
        return SettingsLoader.Load(Console.Context, flags.ConfigFile(parsed), flags.Read(parsed), Errors);
    }
}
