// A program finds out which container it is in from what the kernel shows, in all the forms it shows it.

import Datadog
import Testing

@Suite struct DogStatsDOriginTests {
  private static let identifier = String(repeating: "0123456789abcdef", count: 4)

  private func container(_ groups: String?, inodes: [String: UInt64]) -> String? {
    DogStatsDOrigin.detected(
      environment: [:], files: ContainerFiles(controlGroups: { groups }, inode: { inodes[$0] })
    ).container
  }

  @Test(arguments: [
    ("12:memory:/docker/\(identifier)\n", "ci-\(identifier)"),
    ("0::/system.slice/docker-\(identifier).scope", "ci-\(identifier)"),
    ("1:cpu:/\n0::/kubepods.slice/cri-containerd-\(identifier).scope\n", "ci-\(identifier)"),
    ("3:cpu:/ecs/34dc0b5e626f2c5c4c5170e34b10e765-1234567890", "ci-34dc0b5e626f2c5c4c5170e34b10e765-1234567890"),
    ("1:name=systemd:/garden/6a3c4f04-8ba1-4a14-99c9-9b1f44d8e0a1", "ci-6a3c4f04-8ba1-4a14-99c9-9b1f44d8e0a1"),
    ("0::/user.slice/user-1000.slice", nil), ("garbage\n::\n", nil), ("", nil), ("0::/docker/\(identifier.uppercased())", nil),
  ])
  func aContainerIsReadFromThePathOfTheMachinesNamespace(_ groups: String, _ expected: String?) {
    #expect(container(groups, inodes: ["/proc/self/ns/cgroup": 0xEFFF_FFFB]) == expected)
  }

  @Test func elsewhereTheInodeStandsForTheContainer() {
    #expect(container("0::/\n", inodes: ["/proc/self/ns/cgroup": 4_026_532_000, "/sys/fs/cgroup": 7000]) == "in-7000")
    #expect(
      container("4:memory:/a/b\n0::/x", inodes: ["/sys/fs/cgroup/memory/a/b": 12, "/sys/fs/cgroup/x": 13]) == "in-12")
    #expect(container("4:memory:/a\n0::/x", inodes: ["/sys/fs/cgroup/memory/a": 2, "/sys/fs/cgroup/x": 13]) == "in-13")
    #expect(container("0::/", inodes: ["/sys/fs/cgroup": 1]) == nil)
    #expect(container(nil, inodes: [:]) == nil)
  }

  @Test func theEnvironmentDecidesTheRest() {
    let files = ContainerFiles(controlGroups: { "0::/" }, inode: { $0 == "/sys/fs/cgroup" ? 99 : nil })
    let environment = ["DD_EXTERNAL_ENV": "it-false,cn-a,pu-b", "DD_CARDINALITY": "Low"]
    #expect(
      DogStatsDOrigin.detected(environment: environment, files: files)
        == DogStatsDOrigin(container: "in-99", externalData: "it-false,cn-a,pu-b", cardinality: .low))
    for off in ["false", "0", "No", "off"] {
      #expect(DogStatsDOrigin.detected(environment: ["DD_ORIGIN_DETECTION_ENABLED": off], files: files).container == nil)
    }
    #expect(
      DogStatsDOrigin.detected(environment: ["DD_CARDINALITY": "much", "DD_EXTERNAL_ENV": ""], files: files).cardinality == nil)
  }

  @Test func theSystemsOwnFilesAreRead() {
    // What they say depends on where the tests run; that they are read without a trap, and in a known form, does not.
    if let container = DogStatsDOrigin.detected(environment: [:]).container {
      #expect(container.hasPrefix("ci-") || container.hasPrefix("in-"))
    }
  }
}
