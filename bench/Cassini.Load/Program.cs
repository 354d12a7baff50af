using Cassini.Load;
using Cassini.Load.Kills;

try
{
    switch (args.FirstOrDefault())
    {
        case "load":
            return LoadCommand.Run(LoadOptions.Parse(args[1..]));
        case "loopback":
            LoopbackCommand.Run(LoadOptions.Parse(args[1..]));
            return 0;
        case "mqttnet-server":
            await MqttNetServer.RunAsync(LoadOptions.Parse(args[1..]));
            return 0;
        case "kills":
            await KillCommand.RunAsync(args[1..]);
            return 0;
        default:
            throw new FormatException("a command is wanted");
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n{LoadOptions.Usage}");
    return 64;
}
catch (Exception e) when (e is LoadException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
