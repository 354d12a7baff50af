using System.Reflection;
using Cassini.Harness;
using Cassini.Management;
using Cassini.Streams.Feed;
using Cassini.Streams.Hosting;
using Cassini.Web.Cli.Context;

namespace Cassini.Tests.Architecture;

/// <summary>The assemblies that are the product.</summary>
internal static class ProductAssemblies
{
    public static Assembly Client { get; } = typeof(HealthFeed).Assembly;

    public static Assembly Streams { get; } = typeof(BrokerHost).Assembly;

    public static Assembly Management { get; } = typeof(ManagementApp).Assembly;

    public static Assembly Harness { get; } = typeof(RunController).Assembly;

    public static Assembly Web { get; } = typeof(CliContext).Assembly;

    public static IReadOnlyList<Assembly> All { get; } = [Client, Streams, Management, Harness, Web];
}
