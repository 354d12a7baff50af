using System.Globalization;
using Cassini.Bench;

switch (args.FirstOrDefault())
{
    case "hub":
        HubBench.Run();
        return 0;
    case "replay":
        ReplayBench.Run();
        return 0;
    case "probes":
        await ProbeBench.RunAsync();
        return 0;
    case "feeds":
        await FeedBench.RunAsync();
        return 0;
    case "faults":
        await FaultBench.RunAsync();
        return 0;
    case "start":
        await StartBench.RunAsync(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10);
        return 0;
    case "wait":
        await WaitBench.RunAsync();
        return 0;
    case "drain":
        await DrainBench.RunAsync();
        return 0;
    case "tables":
        await TablesBench.RunAsync();
        return 0;
    case "bare" when args.Length == 3:
        await BareServer.RunAsync(args[1], args[2]);
        return 0;
    default:
        Console.Error.WriteLine(
            "usage: dotnet run -c Release --project bench/Cassini.Bench -- hub|replay|probes|feeds|faults|start [PAIRS]|wait|drain|tables");
        return 64;
}
