using System.Reflection;

namespace Cassini.Web.Cli.Context;

/// <summary>The version of the program, without the source revision that the build appends to it.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } = typeof(ProgramVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
